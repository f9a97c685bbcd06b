"""The image under harder rules than SAM's: nobody's rights, nothing writable but /tmp, no network but loopback."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.docker.command import run
from infra.docker.emulator import ANSWER_SECONDS, Emulator, EmulatorFailed, arguments, binary
from infra.docker.ports import free_port, listens

CONTAINER = "cutout-hardened"
MEMORY_MEGABYTES = 4096
NOBODY = "65534:65534"
RULES = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108


@contextmanager
def hardened(image: str, variables: Mapping[str, str]) -> Iterator[tuple[Emulator, float]]:
    """The function in `image` under the emulator, and when it was started, by `time.perf_counter`.

    It shares this machine's network, where all that it is told of lies on loopback.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "variables"
        listing.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        emulator = ["--volume", f"{binary()}:/emulator:ro", "--entrypoint", "/emulator"]
        limits = ["--network", "host", "--user", NOBODY, "--memory", f"{MEMORY_MEGABYTES}m", *RULES]
        command = ["docker", "run", "--detach", "--name", CONTAINER, *limits, "--env-file", str(listing), *emulator]
        function = [*arguments(port), "/opt/venv/bin/python", "-m", "awslambdaric", "handler.handler"]
        remove()
        begin = time.perf_counter()
        try:
            run([*command, image, *function], timeout_seconds=60)
            if not listens(port, ANSWER_SECONDS):
                raise EmulatorFailed(f"the container doesn't listen on port {port}")
            yield Emulator(port), begin
        finally:
            remove()


def remove() -> None:
    """Remove the container, if it is there."""
    run(["docker", "rm", "--force", "--volumes", CONTAINER], timeout_seconds=60)
