"""The packages of an image as wheels on the disk, for an engine whose containers reach no package index."""

import platform
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from cutout.saliency.fetch import PINNED
from infra.docker.command import run

IMAGE_LOCKS = ("build", "nets", "function", "stand-in")
VIDEO_LOCKS = ("build", "library", "video")
STAMP = "filled-for"
TIMEOUT_SECONDS = 1500


class WheelhouseError(Exception):
    """The wheels can't be had on this machine."""


def download(folder: str, *what: str) -> None:
    """Let pip put wheels into `folder`.

    Raises:
        WheelhouseError: this is not the Python and the system that the images have.
        CommandFailed: pip could not get one of them.
    """
    if sys.version_info[:2] != (3, 11) or platform.system() != "Linux":
        raise WheelhouseError("Wheels for the images are gathered with Python 3.11 on Linux, as the images have it.")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    run([*command, "--only-binary", ":all:", "--dest", folder, *what], timeout_seconds=TIMEOUT_SECONDS)


def fill(
    folder: Path, locks: Sequence[Path], unlocked: Sequence[str] = (), gather: Callable[..., None] = download
) -> bool:
    """Gather what `locks` hold, what is `unlocked`, and the weights; False if they are in `folder` already.

    What is unlocked needs what it needs in the locks' versions. What was gathered for others is deleted. Raises what
    `download` raises.
    """
    weights = [pinned.requirement for pinned in PINNED.values()]
    wanted = "\n".join([*(lock.read_text() for lock in locks), *unlocked, *weights])
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheelhouse-") as gathering:
        for lock in locks:
            gather(gathering, "--no-deps", "--require-hashes", "--requirement", str(lock))
        if unlocked:
            versions = Path(gathering) / "versions.txt"
            versions.write_text("".join(map(versions_of, locks)))
            gather(gathering, "--constraint", str(versions), *unlocked)
            versions.unlink()
        gather(gathering, "--no-deps", "--ignore-requires-python", *weights)
        (Path(gathering) / STAMP).write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(gathering, folder, copy_function=shutil.move)
    return True


def versions_of(lock: Path) -> str:
    """`lock` without hashes, as pip takes it for a constraint."""
    return re.sub(r" \\\n +--hash=\S+", "", lock.read_text())


def fill_for_image(folder: Path, repository: Path) -> bool:
    """`fill` for the image function and the stand-in. Torch, which compiles the nets, is in no lock."""
    declared = tomllib.loads((repository / "pyproject.toml").read_text())
    compile_extra = declared["project"]["optional-dependencies"]["compile"]
    torch = [requirement for requirement in compile_extra if requirement.startswith("torch==")]
    return fill(folder, lock_paths(repository, IMAGE_LOCKS), torch)


def fill_for_video(folder: Path, repository: Path) -> bool:
    """`fill` for the video job: 3 GB."""
    return fill(folder, lock_paths(repository, VIDEO_LOCKS))


def lock_paths(repository: Path, names: Sequence[str]) -> list[Path]:
    return [repository / "requirements" / f"{name}.txt" for name in names]
