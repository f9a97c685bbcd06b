"""An HTTP proxy on loopback between the service's processes and AWS, in which requests meet faults."""

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from infra.local.chaos.faults import Fault, Faults

SLOW_SECONDS = 1.0
TARGETS = {"DynamoDB_20120810": "dynamodb", "AWSEvents": "events", "AmazonSQS": "sqs"}
CODES = {
    "dynamodb": ("ProvisionedThroughputExceededException", "InternalServerError"),
    "events": ("ThrottlingException", "InternalException"),
    "sqs": ("ThrottlingException", "InternalError"),
}
PER_CONNECTION = {"connection", "expect", "transfer-encoding", "keep-alive", "content-length", "host"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@contextmanager
def between(endpoint: str, faults: Faults, stall_seconds: float) -> Iterator[str]:
    """The URL that stands in for `endpoint`."""
    server = _Server(urlsplit(endpoint).netloc, faults, stall_seconds)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="fault-proxy", daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"http://{host!s}:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str, faults: Faults, stall_seconds: float) -> None:
        self.upstream = upstream
        self.faults = faults
        self.stall_seconds = stall_seconds
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Processes are killed in the midst of a request."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service, operation = self._asked()
        if operation == "ReceiveMessage":
            # Most of them find nothing: a fault would meet nobody.
            answer = self._forward(body)
            fault = self._draw(service, operation) if b'"Messages"' in answer.body else None
            self._send(answer) if fault is None else self._reset()
            return
        fault = self._draw(service, operation)
        if fault in (Fault.THROTTLED, Fault.CURSED, Fault.BROKEN, Fault.PARTIAL):
            self._send(refusal(service, fault))
        elif fault is Fault.RESET:
            self._reset()
        elif fault is Fault.STALLED:
            time.sleep(self.server.stall_seconds)
            self._reset()
        else:
            self._send_with(fault, self._forward(body))

    # Named by http.server.
    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815

    def _draw(self, service: str, operation: str) -> Fault | None:
        return self.server.faults.draw(service, operation, unquote(self.path))

    def _asked(self) -> tuple[str, str]:
        """Service and operation; of S3, the method."""
        target, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        return (TARGETS[target], operation) if target in TARGETS else ("s3", self.command)

    def _forward(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.upstream)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in PER_CONNECTION}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in PER_CONNECTION]
            content = answer.read()
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            return Answer(answer.status, [*kept, ("Content-Length", length or str(len(content)))], content)
        finally:
            connection.close()

    def _send_with(self, fault: Fault | None, answer: Answer) -> None:
        if fault is Fault.LOST or (fault is Fault.CUT and not answer.body):
            self._reset()
            return
        half = len(answer.body) // 2
        if fault is Fault.CUT:
            self._send(answer, half)
            self._reset()
            return
        if fault is Fault.SLOW:
            self._send(answer, half)
            time.sleep(SLOW_SECONDS)
            self.wfile.write(answer.body[half:])
            return
        self._send(answer)

    def _send(self, answer: Answer, end: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:end])

    def _reset(self) -> None:
        """Close the connection as a broken network does: with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
        """Say nothing of each request."""


def refusal(service: str, fault: Fault) -> Answer:
    """How `service` says that it is throttling or broken."""
    if fault is Fault.PARTIAL:
        entries = [{"ErrorCode": "InternalFailure", "ErrorMessage": "chaos"}]
        return _json(200, {"FailedEntryCount": 1, "Entries": entries})
    is_throttled = fault is not Fault.BROKEN
    if service == "s3":
        code = "SlowDown" if is_throttled else "InternalError"
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>chaos</Message></Error>".encode()
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        return Answer(503 if is_throttled else 500, headers, body)
    code = CODES[service][0 if is_throttled else 1]
    return _json(400 if is_throttled else 500, {"__type": code, "message": "chaos"})


def _json(status: int, content: dict[str, object]) -> Answer:
    body = json.dumps(content).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
    return Answer(status, headers, body)
