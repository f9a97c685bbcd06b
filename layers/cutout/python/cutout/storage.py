"""S3: opening uploads, writing outputs, and naming what goes wrong there."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from cutout.errors import (
    NameTooLong,
    ObjectArchived,
    ObjectDeleted,
    ObjectMissing,
    ObjectReplaced,
    StorageDenied,
    StorageUnavailable,
    TooManyBytes,
)
from cutout.events import Upload
from cutout.ranged import RangedFile

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

GONE = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404", "405"}
DENIED = {
    "AccessDenied",
    "AllAccessDisabled",
    "InvalidAccessKeyId",
    "InvalidRequest",
    "NoSuchBucket",
    "SignatureDoesNotMatch",
    "403",
}
NAMES_TOO_LONG = {"KeyTooLongError", "MetadataTooLarge"}
SMALL_READS_BYTES = 64 << 10
"""Readers ask for a few bytes at a time."""


@dataclass(frozen=True)
class Source:
    """An uploaded object whose headers have arrived and whose content hasn't.

    `upload` carries the version and etag that were found.
    """

    upload: Upload
    metadata: Mapping[str, str]
    size_bytes: int
    body: "StreamingBody"

    def read(self, limit_bytes: int) -> bytes:
        """The whole content.

        Raises:
            TooManyBytes: it is larger than `limit_bytes`; nothing was read.
            StorageUnavailable: the connection broke.
        """
        self.check_size(limit_bytes)
        with named_errors(self.upload):
            return self.body.read()

    def check_size(self, limit_bytes: int) -> None:
        if self.size_bytes > limit_bytes:
            raise TooManyBytes(
                f"{self.upload.key} has {self.size_bytes / 1e6:.1f} megabytes, and the limit is {limit_bytes / 1e6:g}."
            )

    def close(self) -> None:
        self.body.close()


class Storage:
    """What cutout asks of S3."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def open(self, upload: Upload) -> Source:
        """Open the very version of the object that `upload` announces, as long as nobody has deleted it.

        The newest version is asked for first: where it is the announced one, as it nearly always is, one request both
        opens it and shows that it still stands.

        Raises:
            ObjectMissing, ObjectDeleted, ObjectReplaced, ObjectArchived: there is nothing to read, for good.
            StorageDenied, StorageUnavailable: there may be, later.
        """
        newest = self._get(upload)
        if upload.version and newest.upload.version != upload.version:
            newest.close()
            return self._get(upload, VersionId=upload.version)
        if upload.etag and newest.upload.etag != upload.etag:
            newest.close()
            raise ObjectReplaced(f"{upload.key} was overwritten before it was read, and its bucket keeps no versions.")
        return newest

    def put(self, bucket: str, key: str, content: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        """Write one object, whole or not at all.

        Raises:
            NameTooLong, StorageDenied, StorageUnavailable: it was not written.
        """
        with named_errors(Upload(bucket, key)):
            self._client.put_object(
                Bucket=bucket, Key=key, Body=content, ContentType=content_type, Metadata=dict(metadata)
            )

    def as_file(self, source: Source) -> BinaryIO:
        """The content of `source` as a seekable file, of which no more than some blocks are ever in memory.

        Reading it raises the errors of `open`: ObjectReplaced where another object has come into its place.
        """
        raw = RangedFile(lambda begin: self._content(source.upload, begin), source.size_bytes)
        return io.BufferedReader(raw, SMALL_READS_BYTES)

    def put_file(
        self,
        bucket: str,
        key: str,
        path: Path,
        content_type: str,
        metadata: Mapping[str, str],
        on_progress: Callable[[int], object],
    ) -> None:
        """Write the file at `path`, in parts where it is large, whole or not at all.

        `on_progress` is called with the bytes that are on their way, from several threads. What it raises ends the
        upload and is raised here.

        Raises:
            NameTooLong, StorageDenied, StorageUnavailable: it was not written.
        """
        with named_errors(Upload(bucket, key)), path.open("rb") as file:
            self._client.upload_fileobj(
                file,
                bucket,
                key,
                ExtraArgs={"ContentType": content_type, "Metadata": dict(metadata)},
                Callback=on_progress,
            )

    def _content(self, upload: Upload, begin: int) -> "StreamingBody":
        """The content of this very version and no other, from byte `begin` to its end."""
        version = {"VersionId": upload.version} if upload.version else {}
        with named_errors(upload):
            answer = self._client.get_object(
                Bucket=upload.bucket,
                Key=upload.key,
                Range=f"bytes={begin}-",
                IfMatch=f'"{upload.etag}"',
                **version,  # type: ignore[arg-type]
            )
        return answer["Body"]

    def _get(self, upload: Upload, **version: str) -> Source:
        with named_errors(upload):
            answer: Any = self._client.get_object(Bucket=upload.bucket, Key=upload.key, **version)  # type: ignore[arg-type]
        found = replace(upload, version=answer.get("VersionId"), etag=answer["ETag"].strip('"'))
        metadata = {name: decoded(value) for name, value in answer["Metadata"].items()}
        return Source(found, metadata, answer["ContentLength"], answer["Body"])


def decoded(value: str) -> str:
    """A value of user metadata. S3 gives those that are not ASCII in the encoding of mail headers, RFC 2047."""
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, HeaderParseError):
        return value


@contextmanager
def named_errors(upload: Upload) -> Iterator[None]:
    """Turn botocore's exceptions into ours."""
    try:
        yield
    except ClientError as error:
        raise named(error, upload) from error
    except BotoCoreError as error:
        raise StorageUnavailable(f"S3 broke off at {upload.key}: {error}") from error


def named(error: ClientError, upload: Upload) -> Exception:
    code = error.response["Error"]["Code"]
    if code in GONE or (code == "InvalidArgument" and upload.version):
        if upload.version or upload.etag:
            return ObjectDeleted(f"{upload.key} was deleted from {upload.bucket} before it was read.")
        return ObjectMissing(f"There is no {upload.key} in {upload.bucket}.")
    if code == "PreconditionFailed":
        return ObjectReplaced(f"{upload.key} was overwritten while it was read, and its bucket keeps no versions.")
    if code == "InvalidObjectState":
        return ObjectArchived(f"{upload.key} is archived. Restore it, then upload it again.")
    if code in NAMES_TOO_LONG:
        return NameTooLong(f"The name of {upload.key[:100]}... leaves no room for its outputs' names and metadata.")
    if code in DENIED:
        return StorageDenied(f"S3 allows no access to {upload.key} in {upload.bucket}: {code}.")
    return StorageUnavailable(f"S3 could not serve {upload.key} in {upload.bucket}: {code}.")
