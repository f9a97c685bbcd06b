"""The embedded AWS: moto on loopback, the project's own template deployed into it, its function and jobs at work."""

import http.client
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from moto.server import ThreadedMotoServer

from infra.local.clients import Clients
from infra.local.deployment import Deployment, deploy
from infra.local.function import Function
from infra.local.function_environment import function_environment
from infra.local.job_environment import job_environment
from infra.local.job_pump import JobPump
from infra.local.jobs import Jobs
from infra.local.nesting import flatten
from infra.local.outcomes import Outcomes, subscribe
from infra.local.queue_pump import QueuePump
from infra.local.runtime_api import JsonValue
from infra.local.template import UNBUILT_IMAGE, translated

REPOSITORY = Path(__file__).resolve().parents[2]
RETRY_DELAY_SECONDS = 1
NOTHING: Mapping[str, str] = MappingProxyType({})
Route = Callable[[str], AbstractContextManager[str]]

# moto keeps its state in the process, not in the server.
_moto_in_use = threading.Lock()


class EmbeddedAws:
    """A context manager. Each one starts empty and leaves no thread and no process behind. One at a time in a process.

    Attributes, from entering on:
        endpoint: URL of all services, `http://127.0.0.1:PORT`.
        outputs: the template's outputs, by name.
        outcomes: what became of each upload.
        functions: the copies of the function.
        jobs: the video jobs, and where each stands.
        job_pump: what runs them; None without videos.
        function_log, job_log: files of what the function and the jobs printed. They go when the embedded AWS closes.

    `function_environment` and `job_environment` are added to the variables that the template gives the function and
    the jobs, and win over them. Videos are on unless `parameters` has an empty VideoImageUri.
    `copies` of the function work at the same time. `route` is a context manager that is given moto's endpoint and gives
    the one that function, jobs and the poller of the queue use.
    `retry_delay_seconds`, a whole number from 0, stands in for the queue's visibility timeout after a failure.
    `shims` lists every way in which this is not AWS.
    """

    endpoint: str
    outputs: Mapping[str, str]
    outcomes: Outcomes
    functions: tuple[Function, ...]
    jobs: Jobs
    job_pump: JobPump | None
    function_log: Path
    job_log: Path

    def __init__(
        self,
        template: Path = REPOSITORY / "template.yaml",
        parameters: Mapping[str, str] = NOTHING,
        function_environment: Mapping[str, str] = NOTHING,
        function_folder: Path = REPOSITORY / "functions" / "image",
        job_environment: Mapping[str, str] = NOTHING,
        job_folder: Path = REPOSITORY / "functions" / "video",
        retry_delay_seconds: int = RETRY_DELAY_SECONDS,
        copies: int = 1,
        route: Route = nullcontext,
    ) -> None:
        self._template = template
        self._parameters = {"VideoImageUri": UNBUILT_IMAGE, **parameters}
        self._function_environment = function_environment
        self._function_folder = function_folder
        self._job_environment = job_environment
        self._job_folder = job_folder
        self._retry_delay_seconds = retry_delay_seconds
        self._copies = copies
        self._route = route
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Raises `DeploymentError` for a template or parameters that can't be deployed."""
        with ExitStack() as opening:
            opening.enter_context(_sole_use_of_moto())
            self.endpoint = opening.enter_context(_MotoServer()).endpoint
            self._clients = opening.enter_context(closing(Clients(self.endpoint)))
            self._routed = opening.enter_context(self._route(self.endpoint))
            folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="cutout-")))
            self.function_log, self.job_log = folder / "function.log", folder / "job.log"
            self.function_log.touch()
            self.job_log.touch()
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
        return self.functions[0].invoke(event)

    def _start(self, opening: ExitStack) -> None:
        deployment = deploy(translated(flatten(self._template)), self._parameters, self._clients)
        self.outputs = deployment.outputs
        self.jobs = Jobs(self.job_log)
        self.functions = tuple(self._made_function(deployment) for _ in range(self._copies))
        sqs = self.client("sqs")
        self.outcomes = subscribe(self.outputs["ResultBus"], self.client("events"), sqs, self._log_tail)
        # Closed in the other order. A function goes before its pump, which may wait for it. All pumps are stopped
        # before any is waited for.
        routed_sqs = opening.enter_context(closing(Clients(self._routed))).client("sqs")
        polling = threading.Lock()
        pumps = [
            QueuePump(deployment.event_source, routed_sqs, function.invoke, self._retry_delay_seconds, polling)
            for function in self.functions
        ]
        for pump, function in zip(pumps, self.functions, strict=True):
            pump.start()
            opening.callback(pump.close)
            opening.callback(function.close)
        self._start_jobs(deployment, opening)
        for pump in pumps:
            opening.callback(pump.stop)

    def _made_function(self, deployment: Deployment) -> Function:
        environment = function_environment(
            deployment.function,
            endpoint=self._routed,
            task_root=str(self._function_folder),
            extra=self._function_environment,
        )
        return Function(deployment.function, self._function_folder, environment, self.function_log)

    def _start_jobs(self, deployment: Deployment, opening: ExitStack) -> None:
        self.job_pump = None
        if deployment.job is None:
            return
        environment = job_environment(deployment.job, endpoint=self._routed, extra=self._job_environment)
        self.job_pump = JobPump(
            deployment.job,
            self._job_folder,
            environment,
            self.jobs,
            self.client("sqs"),
            self.client("events"),
            self.client("batch"),
        )
        self.job_pump.start()
        opening.callback(self.job_pump.close)

    def _log_tail(self) -> str:
        """The end of what the function printed, and of what jobs did."""
        return "\n".join(filter(None, (self.functions[0].log_tail(), self.jobs.log_tail())))


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
            for path, body in (("reset", {}), ("config", {"batch": {"use_docker": False}})):
                connection.request("POST", f"/moto-api/{path}", json.dumps(body), {"Content-Type": "application/json"})
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
