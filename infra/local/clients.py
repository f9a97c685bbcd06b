"""boto3 clients of one loopback endpoint."""

import threading
from typing import Any

from botocore.config import Config

from infra.local.session import local_session


class Clients:
    """Makes each client once. Clients may be used by several threads. Proxies are not used."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._session = local_session()

    def client(self, name: str) -> Any:
        """The boto3 client of the service `name`, such as `s3`."""
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._session.client(  # type: ignore[call-overload]
                    name, endpoint_url=self.endpoint, config=Config(proxies={}, retries={"total_max_attempts": 1})
                )
            return self._clients[name]

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
