"""The whole on the embedded AWS: S3's own event, the template's queue, the function's real entry point, the real net.

If these fail, a photo that lands in the bucket does not come back.
"""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Pixels
from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.outcomes import OutcomeEvent
from infra.local.template import load
from tests.infra.insights import answer

TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def aws(weights_directory: Path) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(
        parameters={"DefaultModel": "u2netp", "LimitMegapixels": "1"},
        function_environment={"CUTOUT_WEIGHTS_DIR": str(weights_directory)},
    ) as running:
        yield running


@pytest.fixture(scope="module")
def jpeg(cat: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(cat).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def upload(aws: EmbeddedAws, key: str, content: bytes, **metadata: str) -> str:
    """Put an object into the input bucket; returns its version."""
    answer = aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key=key, Body=content, Metadata=metadata)
    version: str = answer["VersionId"]
    return version


def outcome_of(aws: EmbeddedAws, key: str, content: bytes, **metadata: str) -> OutcomeEvent:
    return aws.outcomes.wait(key, upload(aws, key, content, **metadata), TIMEOUT_SECONDS)


def downloaded(aws: EmbeddedAws, key: str) -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=aws.outputs["OutputBucket"], Key=key)["Body"].read()
    return content


@pytest.mark.parametrize("key", ["plain.jpg", "a+b 100% ü/照片 %2B.JPG", "-dash.jpeg"])
def test_a_photo_that_lands_comes_back_without_its_background(aws: EmbeddedAws, jpeg: bytes, key: str) -> None:
    outcome = outcome_of(aws, key, jpeg)
    assert outcome.detail_type == "Background Removed"
    assert [output["key"] for output in outcome.detail["outputs"]] == [f"{key}.png"]
    cutout = Image.open(io.BytesIO(downloaded(aws, f"{key}.png")))
    assert (cutout.mode, cutout.size) == ("RGBA", (451, 300))
    rgba, photo = np.asarray(cutout), np.asarray(Image.open(io.BytesIO(jpeg)))
    opaque = rgba[..., 3] == 255
    assert opaque.mean() > 0.4
    np.testing.assert_array_equal(rgba[opaque][:, :3], photo[opaque])


def test_metadata_chooses_what_comes_back(aws: EmbeddedAws, jpeg: bytes) -> None:
    outcome = outcome_of(
        aws, "chosen.jpg", jpeg, **{"cutout-outputs": "webp,mask", "cutout-background": "#fff", "cutout-model": "u2net"}
    )
    assert [output["key"] for output in outcome.detail["outputs"]] == ["chosen.jpg.webp", "chosen.jpg.mask.png"]
    assert outcome.detail["options"]["model"] == "u2net"


@pytest.mark.parametrize(
    ("key", "content", "code"),
    [
        ("letter.jpg", b"no photo at all", "unsupported_format"),
        ("film.jpg", b"\0\0\0\x20ftypisom" + bytes(40), "unsupported_format"),
        ("film.mp4", b"\0\0\0\x20ftypisom" + bytes(40), "unreadable_video"),
        ("empty.jpg", b"", "empty_file"),
    ],
)
def test_a_refusal_is_one_event_with_a_code_and_a_sentence(
    aws: EmbeddedAws, key: str, content: bytes, code: str
) -> None:
    outcome = outcome_of(aws, key, content)
    assert outcome.detail_type == "Background Removal Failed"
    error = outcome.detail["error"]
    assert (error["code"], error["retry_can_help"]) == (code, False)
    assert error["message"].endswith(".")


def test_too_many_pixels_for_the_templates_limit_are_refused(aws: EmbeddedAws) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1200, 1000)).save(buffer, "PNG")
    assert outcome_of(aws, "large.png", buffer.getvalue()).detail["error"]["code"] == "too_many_pixels"


def test_an_event_that_comes_twice_has_one_outcome(aws: EmbeddedAws, jpeg: bytes) -> None:
    """moto announces a multipart upload twice, as S3 may announce anything twice."""
    s3, bucket, key = aws.client("s3"), aws.outputs["InputBucket"], "parts.jpg"
    parts = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key=key, UploadId=parts, PartNumber=1, Body=jpeg)["ETag"]
    version = s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=parts, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )["VersionId"]
    aws.outcomes.wait(key, version, TIMEOUT_SECONDS)
    wait_until_idle(aws)
    assert sum(outcome.is_of(key, version) for outcome in aws.outcomes.all()) == 1
    written = s3.list_object_versions(Bucket=aws.outputs["OutputBucket"], Prefix=key)["Versions"]
    assert len(written) == 1


def test_every_version_of_a_key_has_its_outcome(aws: EmbeddedAws, jpeg: bytes) -> None:
    versions = [upload(aws, "again.jpg", content) for content in (jpeg, b"junk", jpeg)]
    outcomes = [aws.outcomes.wait("again.jpg", version, TIMEOUT_SECONDS) for version in versions]
    assert [outcome.detail_type for outcome in outcomes] == [
        "Background Removed",
        "Background Removal Failed",
        "Background Removed",
    ]


def test_a_photo_deleted_before_it_is_read_is_named(aws: EmbeddedAws, jpeg: bytes) -> None:
    for number in range(6):
        upload(aws, f"busy-{number}.jpg", jpeg)
    version = upload(aws, "regretted.jpg", jpeg)
    aws.client("s3").delete_object(Bucket=aws.outputs["InputBucket"], Key="regretted.jpg")
    outcome = aws.outcomes.wait("regretted.jpg", version, TIMEOUT_SECONDS)
    assert outcome.detail["error"]["code"] == "object_deleted"


def test_results_are_never_taken_for_uploads(aws: EmbeddedAws) -> None:
    answer = aws.invoke({"bucket": aws.outputs["OutputBucket"], "key": "plain.jpg.png"})
    assert isinstance(answer, dict)
    assert answer["detail"]["error"]["code"] == "output_bucket_as_source"


def test_a_direct_call_is_answered_with_the_outcome(aws: EmbeddedAws, jpeg: bytes) -> None:
    version = upload(aws, "direct.jpg", jpeg)
    awaited = aws.outcomes.wait("direct.jpg", version, TIMEOUT_SECONDS)
    answer = aws.invoke({"bucket": aws.outputs["InputBucket"], "key": "direct.jpg"})
    assert answer == {"detail-type": "Background Removed", "detail": dict(awaited.detail)}


@pytest.mark.parametrize(
    ("key", "way", "code"),
    [
        ("found.jpg", ["Taken up", "Background Removed"], None),
        ("found.mp4", ["Left to the video job", "Taken up", "Background Removal Failed"], "unreadable_video"),
    ],
)
def test_one_query_tells_the_way_of_an_upload_from_its_event_to_its_outcome(
    aws: EmbeddedAws, jpeg: bytes, key: str, way: list[str], code: str | None
) -> None:
    """The template's own query, asked of what function and jobs have logged."""
    content = jpeg if key.endswith(".jpg") else b"\0\0\0\x20ftypisom" + bytes(40)
    version = outcome_of(aws, key, content).detail["upload"]["version"]
    wait_until_idle(aws)
    query = load(REPOSITORY / "template.yaml")["Resources"]["UploadQuery"]["Properties"]["QueryString"]
    lines = answer(query.replace("KEY", key), log_lines(aws))
    assert sorted(line["message"] for line in lines) == sorted(way)
    outcome = lines[-1]
    assert outcome["message"] == way[-1]
    assert outcome["version"] == outcome["detail"]["upload"]["version"] == version
    assert outcome["detail"].get("error", {}).get("code") == code


def test_every_line_names_its_upload_and_none_tells_of_its_content(aws: EmbeddedAws, jpeg: bytes) -> None:
    secret = "a-name-that-nobody-logs"
    outcome_of(aws, "private.jpg", with_comment(jpeg, secret), **{"somebody-elses": secret})
    outcome_of(aws, "private-letter.jpg", f"{secret}, and more of it".encode())
    outcome_of(aws, "private-broken.jpg", with_comment(jpeg, secret)[:2000])
    outcome_of(aws, "private-letter.mp4", f"{secret}, and more of it".encode())
    wait_until_idle(aws)
    lines = list(log_lines(aws))
    assert not [line for line in lines if secret in line]
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert all(line["bucket"] and line["key"] for line in told)
    private = [line for line in told if line["key"].startswith("private")]
    assert len({line["version"] for line in private}) == len({line["key"] for line in private}) == 4


def with_comment(jpeg: bytes, text: str) -> bytes:
    """`jpeg` with `text` as its comment and in its EXIF."""
    exif = Image.Exif()
    exif[0x010E] = text
    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).save(buffer, "JPEG", exif=exif, comment=text)
    return buffer.getvalue()


def test_outcomes_are_counted(aws: EmbeddedAws, jpeg: bytes) -> None:
    outcome_of(aws, "counted.jpg", jpeg)
    wait_until_idle(aws)
    (line,) = [line for line in map(json.loads, filter(is_metric, log_lines(aws))) if line["key"] == "counted.jpg"]
    assert (line["stack"], line["medium"], line["Removed"], line["Failed"]) == ("cutout", "photo", 1, 0)
    assert line["SaliencySeconds"] > 0


def is_metric(line: str) -> bool:
    return line.startswith('{"_aws"')


def log_lines(aws: EmbeddedAws) -> Iterator[str]:
    for log in (aws.function_log, aws.job_log):
        yield from log.read_text().splitlines()


def wait_until_idle(aws: EmbeddedAws) -> None:
    """Until the queue holds nothing, waiting or in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        counts = aws.client("sqs").get_queue_attributes(QueueUrl=aws.outputs["ImageQueueUrl"], AttributeNames=names)
        if not any(int(count) for count in counts["Attributes"].values()):
            return
        time.sleep(0.1)
    pytest.fail("the queue never came to rest")
