"""The image under harder rules than SAM's: nobody's rights, nothing writable but /tmp, no network but loopback."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.docker.command import run
from infra.docker.emulator import ANSWER_SECONDS, Emulator, EmulatorFailed, arguments, binary
from infra.docker.ports import free_port, listens
from infra.docker.start_parts import start_parts

CONTAINER = "cutout-hardened"
MEMORY_MEGABYTES = 4096
PYTHON = "/opt/venv/bin/python"
NOBODY = "65534:65534"
RULES = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108


@contextmanager
def hardened(image: str, variables: Mapping[str, str]) -> Iterator[tuple[Emulator, float]]:
    """The function in `image` under the emulator, and when it was started, by `time.perf_counter`.

    It shares this machine's network, where all that it is told of lies on loopback.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        emulator = ["--detach", "--volume", f"{binary()}:/emulator:ro", "--entrypoint", "/emulator"]
        command = [*limited(Path(folder), variables), *emulator]
        function = [*arguments(port), PYTHON, "-m", "awslambdaric", "handler.handler"]
        remove()
        begin = time.perf_counter()
        try:
            run([*command, image, *function], timeout_seconds=60)
            if not listens(port, ANSWER_SECONDS):
                raise EmulatorFailed(f"the container doesn't listen on port {port}")
            yield Emulator(port), begin
        finally:
            remove()


def parts_of_start(image: str, variables: Mapping[str, str], photo: bytes) -> dict[str, float]:
    """Seconds by part of a start of the function in `image`, from `docker run` on; see `start_parts.start_parts`."""
    remove()
    with tempfile.TemporaryDirectory() as folder:
        command = [*limited(Path(folder), variables), "--interactive", "--entrypoint", PYTHON, image]
        try:
            return start_parts(command, photo)
        finally:
            remove()


def limited(folder: Path, variables: Mapping[str, str]) -> list[str]:
    """The beginning of a `docker run` under the rules. A file in `folder` tells it the `variables`."""
    listing = folder / "variables"
    listing.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    rules = ["--network", "host", "--user", NOBODY, "--memory", f"{MEMORY_MEGABYTES}m", *RULES]
    return ["docker", "run", "--name", CONTAINER, *rules, "--env-file", str(listing)]


def remove() -> None:
    """Remove the container, if it is there."""
    run(["docker", "rm", "--force", "--volumes", CONTAINER], timeout_seconds=60)
