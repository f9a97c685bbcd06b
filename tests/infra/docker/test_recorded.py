"""If these fail, `make sam` invokes the function with events of uploads that don't exist."""

import json
from typing import TYPE_CHECKING

import pytest

from cutout.events import Upload, parse
from cutout.storage import Storage
from infra.docker.recorded import RECORDED, direct, make_true, photo, recorded_events

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def bucket(s3: "S3Client") -> "S3Client":
    s3.create_bucket(Bucket="cutout-in")
    return s3


@pytest.mark.parametrize("name", [path.stem for path in recorded_events()])
def test_what_the_event_announces_can_be_opened(bucket: "S3Client", name: str) -> None:
    recorded = RECORDED / f"{name}.json"
    announced = make_true(recorded, photo(0), bucket)
    was = parse(json.loads(recorded.read_text()))
    assert [upload.key for upload in parse(announced.event)] == [upload.key for upload in was]
    for upload in parse(announced.event):
        source = Storage(bucket).open(upload)
        assert source.read(10_000_000) == announced.content


def test_each_event_gets_a_photo_of_its_own() -> None:
    photos = {photo(number) for number in range(len(recorded_events()))}
    assert len(photos) == len(recorded_events())


def test_a_direct_call_carries_its_options(bucket: "S3Client") -> None:
    announced = direct("a b.jpg", photo(0), "cutout-in", bucket, outputs="webp")
    assert announced.uploads == (Upload("cutout-in", "a b.jpg", options={"outputs": "webp"}),)
    assert parse(announced.event) == list(announced.uploads)
