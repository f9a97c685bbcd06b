"""If these fail, the wrong version of an object is read, a passing fault is taken for a final one, or the reverse."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
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
from cutout.ranged import BLOCK_BYTES
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


LARGE = np.random.default_rng(1).bytes(9_000_000)
"""More than S3's client writes in one part."""


def requests(s3: "S3Client", operation: str) -> list[dict[str, str]]:
    """A list that grows by the headers of each `operation` from now on."""
    seen: list[dict[str, str]] = []
    s3.meta.events.register(f"before-send.s3.{operation}", lambda request, **_: seen.append(dict(request.headers)))
    return seen


def test_a_large_upload_is_read_as_a_file_by_ranges(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3, LARGE))
    source.close()
    asked = requests(s3, "GetObject")
    with Storage(s3).as_file(source) as file:
        assert file.read() == LARGE
        file.seek(-5, 2)
        assert file.read() == LARGE[-5:]
        file.seek(BLOCK_BYTES - 3)
        assert file.read(6) == LARGE[BLOCK_BYTES - 3 : BLOCK_BYTES + 3]
    assert [headers["Range"] for headers in asked] == [b"bytes=0-"]


def test_a_film_is_read_with_few_requests(s3: "S3Client") -> None:
    """Its index is at its end, as cameras write it: there, back, and forward to the end again."""
    source = Storage(s3).open(put(s3, film(frames=50)))
    asked = requests(s3, "GetObject")
    with Storage(s3).as_file(source) as file, av.open(file) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50
    assert source.size_bytes > 2 * BLOCK_BYTES
    assert len(asked) <= 4, asked


def film(frames: int) -> bytes:
    """Uncompressed noise of 230 kB a frame."""
    noise = np.random.default_rng(1)
    buffer = BytesIO()
    with av.open(buffer, "w", format="mov") as container:
        stream = container.add_stream("rawvideo", rate=Fraction(10), options={"pixel_format": "rgb24"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "rgb24"
        for _ in range(frames):
            pixels = noise.integers(0, 256, (240, 320, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
    return buffer.getvalue()


def test_an_upload_is_read_in_its_own_version_though_it_is_overwritten_or_deleted_meanwhile(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3, b"first"))
    put(s3, b"second")
    s3.delete_object(Bucket="inbox", Key=KEY)
    assert Storage(s3).as_file(source).read() == b"first"


def test_a_version_that_is_deleted_before_it_is_read_is_named(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3, b"first"))
    s3.delete_object(Bucket="inbox", Key=KEY, VersionId=source.upload.version or "")
    with pytest.raises(ObjectDeleted):
        Storage(s3).as_file(source).read()


def test_without_versions_nothing_else_is_read_in_an_uploads_place(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3, b"first", bucket="outbox"))
    put(s3, b"second", bucket="outbox")
    with pytest.raises(ObjectReplaced):
        Storage(s3).as_file(source).read()
    s3.delete_object(Bucket="outbox", Key=KEY)
    with pytest.raises(ObjectDeleted):
        Storage(s3).as_file(source).read()


def test_a_fault_while_a_film_is_read_keeps_its_name_on_its_way_through_ffmpeg(s3: "S3Client") -> None:
    source = Storage(s3).open(put(s3, film(frames=50)))
    broken = answering(s3, 503, "SlowDown")
    with broken.as_file(source) as file, pytest.raises(StorageUnavailable), av.open(file) as container:
        list(container.decode(video=0))


def large_file(folder: Path) -> Path:
    path = folder / "output.mp4"
    path.write_bytes(LARGE)
    return path


def test_a_large_output_is_written_in_parts_with_its_type_and_metadata(s3: "S3Client", tmp_path: Path) -> None:
    parts, sent = requests(s3, "UploadPart"), []
    Storage(s3).put_file("outbox", "k.mp4", large_file(tmp_path), "video/mp4", {"options": "{}"}, sent.append)
    answer = s3.get_object(Bucket="outbox", Key="k.mp4")
    assert answer["Body"].read() == LARGE
    assert (answer["ContentType"], answer["Metadata"]) == ("video/mp4", {"options": "{}"})
    assert len(parts) == 2
    assert sum(sent) == len(LARGE)


def pending(s3: "S3Client") -> list[str]:
    """Keys in the output bucket, of objects and of uploads in parts that have neither ended nor been given up."""
    objects = s3.list_objects_v2(Bucket="outbox").get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket="outbox").get("Uploads", [])
    return [*(entry["Key"] for entry in objects), *(entry["Key"] for entry in uploads)]


def test_a_large_output_is_written_whole_or_not_at_all(s3: "S3Client", tmp_path: Path) -> None:
    refuse_second_part(s3)
    with pytest.raises(StorageUnavailable):
        Storage(s3).put_file("outbox", "k.mp4", large_file(tmp_path), "video/mp4", {}, lambda _: None)
    assert pending(s3) == []


def refuse_second_part(s3: "S3Client") -> None:
    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [b"<Error><Code>SlowDown</Code></Error>"]

    def respond(request: object, **_: object) -> AWSResponse | None:
        return AWSResponse("http://s3", 503, {}, Raw()) if "partNumber=2" in request.url else None  # type: ignore[attr-defined]

    s3.meta.events.register_first("before-send.s3.UploadPart", respond)


def test_what_is_raised_on_the_way_ends_the_writing(s3: "S3Client", tmp_path: Path) -> None:
    def lost(_: int) -> None:
        raise ObjectReplaced("lost")

    with pytest.raises(ObjectReplaced):
        Storage(s3).put_file("outbox", "k.mp4", large_file(tmp_path), "video/mp4", {}, lost)
    assert pending(s3) == []


def test_a_large_output_without_a_bucket_is_a_fault_of_the_installation(s3: "S3Client", tmp_path: Path) -> None:
    with pytest.raises(StorageDenied, match="NoSuchBucket"):
        Storage(s3).put_file("no-such-bucket", "k.mp4", large_file(tmp_path), "video/mp4", {}, lambda _: None)
