"""If these fail, the video job's image can't be built where containers reach no package index."""

import urllib.request
from pathlib import Path

import pytest

from infra.docker.ports import free_port
from infra.docker.wheel_server import WheelServerError, served


def test_pip_finds_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    with served(tmp_path, free_port()) as address:
        assert b'href="a-1-py3-none-any.whl"' in read(address)
        assert read(f"{address}a-1-py3-none-any.whl") == b"wheel"


def read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server's
        content: bytes = answer.read()
        return content


def test_it_listens_on_loopback_and_stops(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as address:
        assert address == f"http://127.0.0.1:{port}/"
    with served(tmp_path, port):
        pass


def test_a_port_that_another_program_has_is_named(tmp_path: Path) -> None:
    port = free_port()
    with (
        served(tmp_path, port),
        pytest.raises(WheelServerError, match=f"port {port}"),
        served(tmp_path, port),
    ):
        pass
