"""The embedded AWS: moto on loopback, the project's own template deployed into it, its function behind its queue."""

import http.client
import logging
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from moto.server import ThreadedMotoServer

from infra.local.clients import Clients
from infra.local.deployment import deploy
from infra.local.function import Function
from infra.local.function_environment import function_environment
from infra.local.outcomes import Outcomes, subscribe
from infra.local.queue_pump import QueuePump
from infra.local.runtime_api import JsonValue
from infra.local.template import translate

REPOSITORY = Path(__file__).resolve().parents[2]
RETRY_DELAY_SECONDS = 1
NOTHING: Mapping[str, str] = MappingProxyType({})

# moto keeps its state in the process, not in the server.
_moto_in_use = threading.Lock()


class EmbeddedAws:
    """A context manager. Each one starts empty and leaves no thread and no process behind. One at a time in a process.

    Attributes, from entering on:
        endpoint: URL of all services, `http://127.0.0.1:PORT`.
        outputs: the template's outputs, by name.
        outcomes: what became of each upload.
        function_log: file of what the function printed. It goes when the embedded AWS closes.

    `function_environment` is added to the variables that the template gives the function, and wins over them.
    `retry_delay_seconds`, a whole number from 0, stands in for the queue's visibility timeout after a failure.
    `shims` lists every way in which this is not AWS.
    """

    endpoint: str
    outputs: Mapping[str, str]
    outcomes: Outcomes
    function_log: Path

    def __init__(
        self,
        template: Path = REPOSITORY / "template.yaml",
        parameters: Mapping[str, str] = NOTHING,
        function_environment: Mapping[str, str] = NOTHING,
        function_folder: Path = REPOSITORY / "functions" / "image",
        retry_delay_seconds: int = RETRY_DELAY_SECONDS,
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._function_environment = function_environment
        self._function_folder = function_folder
        self._retry_delay_seconds = retry_delay_seconds
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Raises `DeploymentError` for a template or parameters that can't be deployed."""
        with ExitStack() as opening:
            opening.enter_context(_sole_use_of_moto())
            self.endpoint = opening.enter_context(_MotoServer()).endpoint
            self._clients = opening.enter_context(closing(Clients(self.endpoint)))
            self.function_log = (
                Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="cutout-"))) / "function.log"
            )
            self.function_log.touch()
            with _profile_hidden():
                self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def client(self, name: str) -> Any:
        """The boto3 client of a service, such as `s3`. It works until the embedded AWS closes."""
        return self._clients.client(name)

    def invoke(self, event: Mapping[str, Any]) -> JsonValue:
        """Invoke the function directly and return its answer. Raises `FunctionError`."""
        return self._function.invoke(event)

    def _start(self, opening: ExitStack) -> None:
        deployment = deploy(translate(self._template), self._parameters, self._clients)
        self.outputs = deployment.outputs
        environment = function_environment(
            deployment.function,
            endpoint=self.endpoint,
            task_root=str(self._function_folder),
            extra=self._function_environment,
        )
        self._function = Function(deployment.function, self._function_folder, environment, self.function_log)
        sqs = self.client("sqs")
        self.outcomes = subscribe(self.outputs["ResultBus"], self.client("events"), sqs, self._function.log_tail)
        pump = QueuePump(deployment.event_source, sqs, self._function.invoke, self._retry_delay_seconds)
        pump.start()
        # The function closes first: it may be at work for the pump, which would wait for it.
        opening.callback(pump.close)
        opening.callback(self._function.close)


class _MotoServer:
    """moto's server without its state of before and without a line for each request."""

    def __enter__(self) -> Self:
        self._log = logging.getLogger("werkzeug")
        self._level = self._log.level
        self._log.setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self._reset()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._log.setLevel(self._level)

    def _reset(self) -> None:
        with closing(http.client.HTTPConnection(urlsplit(self.endpoint).netloc)) as connection:
            connection.request("POST", "/moto-api/reset")
            connection.getresponse().read()


@contextmanager
def _profile_hidden() -> Iterator[None]:
    """moto opens boto3 sessions of its own as its services load, and they fail for a profile that does not exist."""
    hidden = {name: os.environ.pop(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def _sole_use_of_moto() -> Iterator[None]:
    if not _moto_in_use.acquire(blocking=False):
        raise RuntimeError("this process has an embedded AWS already; close it first, they would share their buckets")
    try:
        yield
    finally:
        _moto_in_use.release()
