"""The two tools, and how each is started."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutout.choices import Edges

CUTOUT, CUTOUT_FAST, REMBG = "cutout", "cutout fast", "rembg 2.0.86"
HERE = Path(__file__).parent
PEER_PYTHON = Path(".venv-rembg/bin/python")


@dataclass(frozen=True)
class Tool:
    """`worker` starts a process that takes requests. `file` and `folder` want a source and a target after them.

    A tool without a `folder` command takes any number of sources and targets in its `file` command.
    """

    name: str
    worker: Sequence[str]
    file: Sequence[str]
    environment: Mapping[str, str]
    folder: Sequence[str] | None = None

    def folder_command(self, sources: Sequence[Path], target: Path) -> list[str]:
        """What removes the background of all `sources`, which are all the files of their folder."""
        if self.folder is not None:
            return [*self.folder, str(sources[0].parent), str(target)]
        pairs = ((str(source), str(target / f"{source.name}.png")) for source in sources)
        return [*self.file, *(word for pair in pairs for word in pair)]


def cutout(model: str, edges: Edges = Edges.FINE) -> Tool:
    command = [str(Path(sys.executable).with_name("cutout")), "image", "--model", model, "--edges", edges]
    worker = [sys.executable, "-m", "tests.benchmarks.photo_peer.cutout_worker", model, edges]
    return Tool(CUTOUT if edges is Edges.FINE else CUTOUT_FAST, worker, command, os.environ, folder=command)


def rembg(model: str, weights_directory: Path, home: Path) -> Tool:
    """The peer, with `home` as the folder where it looks for weights: cutout's very files are put there."""
    if not PEER_PYTHON.exists():
        raise SystemExit("The peer isn't installed. `make .venv-rembg/installed` does that.")
    home.mkdir(parents=True, exist_ok=True)
    link = home / f"{model}.onnx"
    link.unlink(missing_ok=True)
    link.symlink_to((weights_directory / link.name).resolve())
    command = [str(PEER_PYTHON), str(HERE / "rembg_worker.py"), model]
    return Tool(REMBG, command, command, {**os.environ, "U2NET_HOME": str(home.resolve())})


def said(module: str, *arguments: str, python: Path | str = sys.executable) -> Any:
    """What a module of this package prints as JSON. It runs in a process of its own, so that this one stays small."""
    command = [str(python), "-m", f"{__package__}.{module}", *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
