"""One attempt at a job: a process in the container's place."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType

from infra.local.retry_strategy import AttemptEnd

# What the job definition's command names lies elsewhere on this machine.
CONTAINER_PYTHON = "/opt/venv/bin/python"
CONTAINER_FOLDER = "/var/task"

STOP_SECONDS = 30
TIMED_OUT = AttemptEnd(exit_code=137, status_reason="Job attempt duration exceeded timeout")


class JobAttempt:
    """Starts at once. What it prints is added to `log`. Its scratch space goes with it, in whatever way it ends.

    `command` is the container's, with all parameters in place, and `environment` is all that the process sees.
    Out of time it is asked to end, and killed after `stop_seconds`.

    Raises `OSError` or `ValueError` if it can't be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._stop_seconds = stop_seconds
        with ExitStack() as starting:
            scratch = starting.enter_context(tempfile.TemporaryDirectory(prefix="cutout-job-"))
            output = starting.enter_context(log.open("ab"))
            self._process = subprocess.Popen(  # noqa: S603 (the template's own command, without a shell)
                machine_command(command, folder),
                cwd=folder,
                env={**environment, "TMPDIR": scratch},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._scratch = starting.pop_all()

    def wait(self, timeout_seconds: float) -> AttemptEnd:
        """Until the process ends, or its time does."""
        try:
            status = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._stop_seconds)
            self._clean_up()
            return TIMED_OUT
        self._clean_up()
        return AttemptEnd(
            exit_code=status if status >= 0 else 128 - status, status_reason="Essential container in task exited"
        )

    def kill(self) -> None:
        """End the process and what it started, as a host that goes away does: without asking."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _clean_up(self) -> None:
        self.kill()
        self._process.wait()
        self._scratch.close()


def machine_command(command: Sequence[str], folder: Path) -> list[str]:
    """The container's command with this machine's Python and the job's script in `folder`."""
    python, script, *arguments = command
    if python != CONTAINER_PYTHON or not script.startswith(f"{CONTAINER_FOLDER}/"):
        raise ValueError(f"a job runs {CONTAINER_PYTHON} on a script in {CONTAINER_FOLDER}, not {python} {script}")
    return [sys.executable, str(folder / script.removeprefix(f"{CONTAINER_FOLDER}/")), *arguments]


def substituted(command: Sequence[str], parameters: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """`command` with the values of `parameters` in place of `Ref::name`. A parameter that nobody gave stays."""
    return [parameters.get(word.removeprefix("Ref::"), word) if word.startswith("Ref::") else word for word in command]
