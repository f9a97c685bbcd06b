"""Lambda's Runtime Interface Emulator, the program that aws-sam-cli ships, without SAM around it."""

import http.client
import json
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from infra.docker.answers import JsonValue, answer
from infra.docker.ports import HOST, free_port, listens
from infra.local.aws import REPOSITORY

PATH = "/2015-03-31/functions/function/invocations"
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
START_SECONDS = 30
ANSWER_SECONDS = 120


class EmulatorMissing(Exception):
    """The emulator isn't installed, or there is none for this machine."""


class EmulatorFailed(Exception):
    """The emulator gave no answer at all."""


@dataclass(frozen=True)
class Emulator:
    """A function that waits for events on a loopback port."""

    port: int

    def invoke(self, event: Any) -> JsonValue:
        """What the handler returns for `event`.

        Raises:
            HandlerFailed: the handler raised, timed out or could not be loaded.
            EmulatorFailed: nobody answered.
        """
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)) as connection:
            try:
                connection.request("POST", PATH, json.dumps(event), {"Content-Type": "application/json"})
                text = connection.getresponse().read().decode()
            except (OSError, http.client.HTTPException) as error:
                raise EmulatorFailed(f"the emulator on port {self.port} gave no answer: {error}") from error
        return answer(text)


def binary() -> Path:
    """The emulator for this machine's processor. Raises `EmulatorMissing`."""
    machine = MACHINES.get(platform.machine().lower())
    places = REPOSITORY.glob(f".venv-sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}")
    found = next(places, None)
    if found is None or platform.system() != "Linux":
        raise EmulatorMissing(
            f"There is no Lambda emulator for {platform.system()} on {platform.machine()} in .venv-sam. "
            "On Linux, `make .venv-sam/installed` brings it."
        )
    return found


def arguments(port: int) -> list[str]:
    """What keeps both of the emulator's servers on loopback. The first listens on `port`."""
    addresses = {"runtime-interface-emulator": port, "runtime-api": free_port()}
    flags = [word for name, number in addresses.items() for word in (f"--{name}-address", f"{HOST}:{number}")]
    return [*flags, "--log-level", "error"]


@contextmanager
def emulated(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[str]) -> Iterator[Emulator]:
    """The function that `command` runs in `folder`, under the emulator, as processes of this machine."""
    port = free_port()
    words = [str(binary()), *arguments(port), *command]
    process = subprocess.Popen(  # noqa: S603 - the emulator, and a command of our caller's
        words, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
    try:
        if not listens(port, START_SECONDS):
            raise EmulatorFailed(f"the emulator doesn't listen on port {port}")
        yield Emulator(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
