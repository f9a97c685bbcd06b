"""The Lambda Runtime API on loopback: the side that AWS plays towards a function's own process.

The process asks `GET .../invocation/next` for work and posts what became of it. One server serves one process.
"""

import json
import math
import queue
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "/2018-06-01"

# Whatever a function takes or returns.
JsonValue = Any


@dataclass(frozen=True)
class Invocation:
    """One piece of work. `event` is JSON."""

    request_id: str
    event: bytes
    function_arn: str
    timeout_seconds: int

    def headers(self, now_seconds: float) -> dict[str, str]:
        """What Lambda says beside the event. The time to run counts from `now_seconds`, since the epoch."""
        root = f"1-{int(now_seconds):08x}-{uuid.UUID(self.request_id).hex[:24]}"
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(math.floor((now_seconds + self.timeout_seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": f"Root={root};Parent={root[-16:]};Sampled=0",
        }


@dataclass(frozen=True)
class Taken:
    """The process has taken the invocation: its time runs."""


@dataclass(frozen=True)
class Returned:
    """The handler returned `result`, decoded from JSON."""

    result: JsonValue


@dataclass(frozen=True)
class Raised:
    """The handler raised, or could not be loaded. `error` is what the process tells Lambda of it."""

    error: dict[str, Any]


@dataclass(frozen=True)
class Exited:
    """The process ended. `status` is negative for a signal."""

    status: int


Report = Taken | Returned | Raised | Exited


class RuntimeApi:
    """Hands invocations to one process and collects `reports`, in order."""

    def __init__(self) -> None:
        self.reports: queue.Queue[Report] = queue.Queue()
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._current: Invocation | None = None
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="runtime-api", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`, as in AWS_LAMBDA_RUNTIME_API."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def offer(self, invocation: Invocation) -> None:
        """The process gets it when it next asks for work."""
        self._waiting.put(invocation)

    def take(self) -> Invocation | None:
        """Block until there is an invocation. None: there will be no more."""
        invocation = self._waiting.get()
        if invocation is None:
            self._waiting.put(None)
            return None
        self._current = invocation
        self.reports.put(Taken())
        return invocation

    def settle(self, request_id: str, report: Report) -> bool:
        """Accept the report on the invocation that is under way. False for any other."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._current = None
        self.reports.put(report)
        return True

    def close(self) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _RequestHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that was killed leaves its connection open. Its end is reported by who waits for it."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _RequestHandler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body are two packets, and the second would wait 40 ms for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path != f"{VERSION}/runtime/invocation/next":
            self._answer(HTTPStatus.NOT_FOUND)
            return
        invocation = self.server.api.take()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(HTTPStatus.OK, invocation.headers(time.time()), invocation.event)

    def do_POST(self) -> None:
        body = json.loads(self._body() or b"null")
        match self.path.removeprefix(f"{VERSION}/runtime/").split("/"):
            case ["invocation", request_id, "response"]:
                accepted = self.server.api.settle(request_id, Returned(body))
            case ["invocation", request_id, "error"]:
                accepted = self.server.api.settle(request_id, Raised(body))
            case ["init", "error"]:
                self.server.api.reports.put(Raised(body))
                accepted = True
            case _:
                accepted = False
        self._answer(HTTPStatus.ACCEPTED if accepted else HTTPStatus.BAD_REQUEST)

    def _body(self) -> bytes:
        """The request's body. awslambdaric sends a result in one piece and libcurl may send it in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: HTTPStatus, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
        """Say nothing of each request."""
