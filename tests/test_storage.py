"""If these fail, the wrong version of an object is read, a passing fault is taken for a final one, or the reverse."""

from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

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
from cutout.storage import Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "a+b 100% ü/-photo.jpg"


def put(s3: "S3Client", content: bytes = b"content", bucket: str = "inbox") -> Upload:
    answer = s3.put_object(Bucket=bucket, Key=KEY, Body=content, Metadata={"cutout-model": "u2netp"})
    return Upload(bucket, KEY, answer.get("VersionId"), answer["ETag"].strip('"'))


def test_what_was_uploaded_is_what_is_read(s3: "S3Client") -> None:
    upload = put(s3)
    source = Storage(s3).open(upload)
    assert (source.upload, source.metadata, source.size_bytes) == (upload, {"cutout-model": "u2netp"}, 7)
    assert source.read(limit_bytes=7) == b"content"


def test_version_and_etag_are_found_out_where_nobody_says_them(s3: "S3Client") -> None:
    upload = put(s3)
    assert Storage(s3).open(Upload("inbox", KEY)).upload == upload


def test_an_overwritten_upload_is_still_read_in_its_own_version(s3: "S3Client") -> None:
    first, second = put(s3, b"first"), put(s3, b"second")
    assert Storage(s3).open(first).read(10) == b"first"
    assert Storage(s3).open(second).read(10) == b"second"


def test_an_overwritten_upload_without_versions_is_named(s3: "S3Client") -> None:
    first = put(s3, b"first", bucket="outbox")
    put(s3, b"second", bucket="outbox")
    with pytest.raises(ObjectReplaced):
        Storage(s3).open(first)


def test_a_deleted_upload_is_not_read_though_its_version_still_could_be(s3: "S3Client") -> None:
    upload = put(s3)
    s3.delete_object(Bucket="inbox", Key=KEY)
    with pytest.raises(ObjectDeleted):
        Storage(s3).open(upload)


def test_a_deleted_version_is_named(s3: "S3Client") -> None:
    first = put(s3, b"first")
    put(s3, b"second")
    s3.delete_object(Bucket="inbox", Key=KEY, VersionId=first.version or "")
    with pytest.raises(ObjectDeleted):
        Storage(s3).open(first)


def test_what_never_was_is_missing(s3: "S3Client") -> None:
    with pytest.raises(ObjectMissing, match="nowhere"):
        Storage(s3).open(Upload("inbox", "nowhere.jpg"))


def test_a_bucket_that_is_not_there_is_a_fault_of_the_installation(s3: "S3Client") -> None:
    with pytest.raises(StorageDenied, match="NoSuchBucket"):
        Storage(s3).open(Upload("no-such-bucket", KEY))
    with pytest.raises(StorageDenied, match="NoSuchBucket"):
        Storage(s3).put("no-such-bucket", KEY, b"", "image/png", {})


def test_metadata_that_is_not_ascii_is_read_as_it_was_written(s3: "S3Client") -> None:
    """S3 answers with it in RFC 2047's encoding."""
    s3.put_object(Bucket="inbox", Key=KEY, Body=b"", Metadata={"cutout-background": "=?UTF-8?B?a2V5OsO8LmpwZw==?="})
    assert Storage(s3).open(Upload("inbox", KEY)).metadata == {"cutout-background": "key:ü.jpg"}


def test_what_is_too_large_is_not_read(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3))
    with pytest.raises(TooManyBytes):
        source.read(limit_bytes=6)
    source.close()


def test_outputs_carry_their_type_and_metadata(s3: "S3Client") -> None:
    Storage(s3).put("outbox", "k.png", b"png", "image/png", {"cutout-options": "{}"})
    answer = s3.get_object(Bucket="outbox", Key="k.png")
    assert (answer["Body"].read(), answer["ContentType"], answer["Metadata"]) == (
        b"png",
        "image/png",
        {"cutout-options": "{}"},
    )


def answering(s3: "S3Client", status: int, code: str) -> Storage:
    """Storage on a service that answers everything with one error."""
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()

    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [body]

    def respond(**_: object) -> AWSResponse:
        return AWSResponse("http://s3", status, {}, Raw())

    s3.meta.events.register_first("before-send.s3", respond)
    return Storage(s3)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "SlowDown", StorageUnavailable),
        (500, "InternalError", StorageUnavailable),
        (400, "RequestTimeout", StorageUnavailable),
        (403, "AccessDenied", StorageDenied),
        (403, "InvalidObjectState", ObjectArchived),
        (404, "NoSuchVersion", ObjectDeleted),
    ],
)
def test_each_fault_has_its_name(s3: "S3Client", status: int, code: str, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        answering(s3, status, code).open(Upload("inbox", KEY, "version", "etag"))
    if expected in (StorageUnavailable, StorageDenied):
        with pytest.raises(expected):
            answering(s3, status, code).put("outbox", KEY, b"", "image/png", {})


def test_a_broken_connection_may_be_tried_again(s3: "S3Client") -> None:
    def reset(**_: object) -> None:
        raise ConnectionClosedError(endpoint_url="http://s3")

    s3.meta.events.register_first("before-send.s3", reset)
    with pytest.raises(StorageUnavailable):
        Storage(s3).open(Upload("inbox", KEY))


@pytest.mark.parametrize("code", ["KeyTooLongError", "MetadataTooLarge"])
def test_a_name_without_room_for_its_ending_is_named(s3: "S3Client", code: str) -> None:
    with pytest.raises(NameTooLong):
        answering(s3, 400, code).put("outbox", KEY, b"", "image/png", {})
