"""If these fail, who uploads reaches what isn't his: another bucket, or the headers of a request."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from cutout.errors import InvalidOption, ObjectMissing, Refusal
from cutout.events import Upload
from cutout.options import Options
from cutout.orders import output_metadata
from cutout.storage import Storage
from cutout.verdict import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERDICT = Verdict(0.1, 0, 0, 0, 0.9)
BREAKS = [
    "\r\nx-amz-acl: public-read",
    "\nx-amz-acl: public-read",
    "\r x-amz-acl: public-read",
    "\0",
    "\u2028x: y",
    "ü",
]


@pytest.fixture
def sent(s3: "S3Client") -> list[Any]:
    """Every request that the client sends."""
    requests: list[Any] = []
    s3.meta.events.register("before-send.s3", lambda request, **_: requests.append(request))
    return requests


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize(
    "way", ["../outbox/secret.png", "/../outbox/secret.png", "a/../../outbox/secret.png", "%2e%2e/outbox/secret.png"]
)
def test_a_background_is_read_from_the_uploads_own_bucket(s3: "S3Client", way: str, style: str) -> None:
    s3.put_object(Bucket="outbox", Key="secret.png", Body=b"a secret")
    client = boto3.client("s3", config=Config(s3={"addressing_style": style}))  # type: ignore[typeddict-item]
    with pytest.raises(ObjectMissing):
        Storage(client).open(Upload("inbox", way))
    s3.put_object(Bucket="inbox", Key=way, Body=b"one's own")
    with closing(Storage(client).open(Upload("inbox", way))) as source:
        assert source.read(100) == b"one's own"


@pytest.mark.parametrize("text", BREAKS)
def test_what_an_upload_says_becomes_no_header_of_its_outputs(s3: "S3Client", sent: list[Any], text: str) -> None:
    """Options come back in the metadata of the outputs, which travel as headers."""
    options = Options().updated({"background": f"key:a{text}"})
    metadata = output_metadata(Upload("inbox", f"a{text}.jpg", "v", "e"), options, VERDICT)
    Storage(s3).put("outbox", "a.png", b"content", "image/png", metadata)
    (request,) = sent
    assert "x-amz-acl" not in {name.lower() for name in request.headers}
    assert all(value.isprintable() for value in map(text_of, request.headers.values()))
    stored = s3.head_object(Bucket="outbox", Key="a.png")["Metadata"]
    assert stored == metadata


def text_of(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("text", BREAKS[:4])
def test_an_unknown_option_is_repeated_on_one_line(text: str) -> None:
    """A refusal's sentence goes into logs and events."""
    for values in ({f"colour{text}": "red"}, {"model": f"u2net{text}"}, {"crop": f"subject{text}"}):
        with pytest.raises(InvalidOption) as refused:
            Options().updated(values)
        assert isinstance(refused.value, Refusal)
        assert str(refused.value).isprintable()
