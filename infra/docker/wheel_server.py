"""A folder of wheels on loopback, for a build that shares this machine's network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from infra.docker.ports import HOST

PORT = 5581
"""Always the same: the address is an argument of the build, which would install all anew for another."""


class WheelServerError(Exception):
    """The port is taken."""


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing: pip says what it misses."""


@contextmanager
def served(folder: Path, port: int = PORT) -> Iterator[str]:
    """The address at which pip finds the wheels in `folder`.

    Raises:
        WheelServerError: another program listens on `port`.
    """
    try:
        server = ThreadingHTTPServer((HOST, port), partial(Silent, directory=str(folder)))
    except OSError as error:
        raise WheelServerError(f"wheels are served on port {port}, and another program has it: {error}") from error
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
