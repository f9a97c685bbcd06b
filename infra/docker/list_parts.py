"""Run by the image's own Python: the bytes of each of its parts, as JSON, and whether torch is among them."""

import json
import sys
import sysconfig
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path


def size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def size_of_packages() -> dict[str, int]:
    """Bytes of each installed package, its bytecode and what was trimmed off it accounted for."""
    site = Path(sysconfig.get_path("purelib"))
    sizes = {}
    for distribution in distributions(path=[str(site)]):
        tops = {site / file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}
        size = sum(size_of(top) if top.is_dir() else top.stat().st_size for top in tops if top.exists())
        sizes[str(distribution.metadata["Name"])] = size
    return sizes


def main() -> None:
    parts = {"weights": size_of(Path("/opt/weights")), "handler": size_of(Path("/var/task")), **size_of_packages()}
    json.dump({"bytes": parts, "torch": find_spec("torch") is not None}, sys.stdout)


if __name__ == "__main__":
    main()
