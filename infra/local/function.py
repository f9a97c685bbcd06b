"""The deployed function in a process of its own, started when there is work, and again after it died."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from infra.local.deployment import FunctionConfiguration
from infra.local.runtime_api import Exited, Invocation, JsonValue, Raised, Report, Returned, RuntimeApi, Taken

HANDLER = "handler.handler"
LOG_TAIL_CHARACTERS = 4000


class FunctionError(Exception):
    """The function did not return: it raised, died, ran out of time or could not be loaded.

    `error_type` and `error_message` are Lambda's errorType and errorMessage.
    """

    def __init__(self, error_type: str, error_message: str) -> None:
        super().__init__(f"{error_type}: {error_message}")
        self.error_type = error_type
        self.error_message = error_message


class Function:
    """Runs one invocation at a time. Threads wait for one another.

    `folder` is where `handler.py` lies, `environment` is all that the process sees, and what it prints goes to `log`.
    """

    def __init__(
        self, configuration: FunctionConfiguration, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self._configuration = configuration
        self._folder = folder
        self._environment = environment
        self._log = log
        self._one_at_a_time = threading.Lock()
        self._closed = threading.Event()
        self._sandbox: _Sandbox | None = None

    def invoke(self, event: Mapping[str, Any]) -> JsonValue:
        """What the handler returns for `event`, both as JSON can carry them. Raises `FunctionError`."""
        with self._one_at_a_time:
            sandbox = self._ready_sandbox()
            invocation = Invocation(
                request_id=str(uuid.uuid4()),
                event=json.dumps(event).encode(),
                function_arn=self._configuration.arn,
                timeout_seconds=self._configuration.timeout_seconds,
            )
            try:
                return sandbox.invoke(invocation)
            except _ProcessLost as lost:
                self._discard_sandbox()
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(f"{lost}\n")
                raise

    def log_tail(self) -> str:
        """The end of what the function printed, for a person who looks for the cause."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]

    def kill(self) -> bool:
        """End the process as a crash does: an invocation that is under way fails. Whether there was one to end."""
        sandbox = self._sandbox
        if sandbox is None or not sandbox.alive:
            return False
        sandbox.kill()
        return True

    def close(self) -> None:
        """Kill the process. An invocation that is under way fails."""
        self._closed.set()
        self.kill()
        with self._one_at_a_time:
            self._discard_sandbox()

    def _ready_sandbox(self) -> "_Sandbox":
        if self._sandbox is None or not self._sandbox.alive:
            self._discard_sandbox()
            self._sandbox = _Sandbox(self._folder, self._environment, self._log)
        # After it is made, so that `close` in another thread either sees it or is seen here.
        if self._closed.is_set():
            self._discard_sandbox()
            raise FunctionError("Embedded.Closed", "the embedded AWS is closed")
        return self._sandbox

    def _discard_sandbox(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None


class _ProcessLost(FunctionError):
    """After this error the process is of no more use."""


class _Sandbox:
    """One process and the Runtime API that it asks for work."""

    def __init__(self, folder: Path, environment: Mapping[str, str], log: Path) -> None:
        self._api = RuntimeApi()
        with log.open("ab") as output:
            self._process = _start(folder, {**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address}, output)
        self._watcher = threading.Thread(target=self._report_exit, name="function-exit", daemon=True)
        self._watcher.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(self, invocation: Invocation) -> JsonValue:
        """The result. Raises `FunctionError` if the handler raised, `_ProcessLost` for all else.

        Loading the handler may take as long as the timeout too, and isn't counted against it.
        """
        self._api.offer(invocation)
        report = self._next_report(invocation)
        if isinstance(report, Taken):
            report = self._next_report(invocation)
            if isinstance(report, Raised):
                raise FunctionError(*_type_and_message(report))
        match report:
            case Returned(result):
                return result
            case Raised():
                raise _ProcessLost(*_type_and_message(report))
            case Exited(status):
                how = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
                raise _ProcessLost("Runtime.ExitError", f"RequestId: {invocation.request_id} Error: {how}")
        raise AssertionError(f"the process took two invocations at once: {report}")

    def _next_report(self, invocation: Invocation) -> Report:
        try:
            return self._api.reports.get(timeout=invocation.timeout_seconds)
        except queue.Empty:
            late = f"Task timed out after {invocation.timeout_seconds:.2f} seconds"
            raise _ProcessLost("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {late}") from None

    def kill(self) -> None:
        """End the process and what it started, as Lambda does: without asking."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self._watcher.join()
        self._api.close()

    def _report_exit(self) -> None:
        self._api.reports.put(Exited(self._process.wait()))


def _start(folder: Path, environment: Mapping[str, str], output: BinaryIO) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (our own interpreter and a fixed module)
        [sys.executable, "-m", "awslambdaric", HANDLER],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _type_and_message(report: Raised) -> tuple[str, str]:
    return str(report.error["errorType"]), str(report.error["errorMessage"])
