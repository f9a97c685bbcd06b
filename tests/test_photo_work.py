"""If these fail, a result lies where nobody looks for it, or a later variant is made of another photo's matte."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cutout.arrays import Floats, Pixels
from cutout.errors import NameTooLong
from cutout.events import Upload
from cutout.limits import Limits
from cutout.media.png import encode_png
from cutout.options import Options
from cutout.photo_work import PhotoWork
from cutout.results import Removed
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTINGS = ImageSettings(
    "outbox", "results", "outcomes", Path("/nowhere"), Options(), Limits(megabytes=1, megapixels=0.5)
)


@dataclass
class Stand:
    """The work with buckets on both sides of it."""

    s3: "S3Client"
    work: PhotoWork

    def upload(self, key: str = "a.png", top: int = 30) -> Upload:
        pixels = np.full((120, 200, 3), (10, 20, 200), np.uint8)
        pixels[top : top + 60, 50:110] = (250, 40, 30)
        answer = self.s3.put_object(Bucket="inbox", Key=key, Body=encode_png(pixels))
        return Upload("inbox", key, answer["VersionId"])

    def removed(
        self, upload: Upload, check: Callable[..., bytes] = lambda content, *_: content, **options: str
    ) -> Removed:
        watch = Stopwatch()
        with watch.stage("fetch"):
            source = self.work.storage.open(replace(upload, options=options))
        with closing(source):
            return self.work.remove(source, watch, check)

    def outputs(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="outbox").get("Contents", [])]

    def contents(self, removed: Removed) -> list[bytes]:
        return [self.s3.get_object(Bucket="outbox", Key=written.key)["Body"].read() for written in removed.outputs]


@pytest.fixture
def stand(s3: "S3Client", painted_detector: Detector) -> Stand:
    return Stand(s3, PhotoWork(SETTINGS, Storage(s3), lambda _: painted_detector))


class HesitantEngine:
    """An engine that is as sure of its subject as `highest` says."""

    batch_size = 1

    def __init__(self, highest: float) -> None:
        self._highest = highest

    def infer(self, batch: Pixels | Floats) -> Floats:
        return (batch[..., 0] > batch[..., 2]).astype(np.float32) * np.float32(self._highest)


@pytest.mark.parametrize(("highest", "key"), [(0.75, "review/a.png.png"), (1, "a.png.png")])
def test_a_doubtful_result_goes_where_somebody_looks_at_it(stand: Stand, highest: float, key: str) -> None:
    detector = Detector(HesitantEngine(highest))
    stand.work = replace(stand.work, settings=replace(SETTINGS, review_below=0.8), detector=lambda _: detector)
    removed = stand.removed(stand.upload())
    assert [written.key for written in removed.outputs] == stand.outputs() == [key]
    verdict = stand.s3.head_object(Bucket="outbox", Key=key)["Metadata"]["verdict"]
    assert json.loads(verdict) == removed.detail()["verdict"]
    assert removed.verdict.confidence == pytest.approx(highest, abs=0.01)


@pytest.mark.parametrize("review_below", [0, 1])
def test_a_later_variant_comes_from_the_stored_matte_without_the_net(stand: Stand, review_below: float) -> None:
    stand.work = replace(stand.work, settings=replace(SETTINGS, review_below=review_below))
    upload = stand.upload()
    variant = {"matte": "stored", "outputs": "png,jpg", "background": "#abc", "crop": "subject:5%", "shadow": "soft"}
    first = stand.removed(upload, **variant)
    assert "saliency" in first.seconds, "there is no matte yet, so that the net runs"
    contents = stand.contents(first)
    stand.removed(upload, outputs="mask")
    again = stand.removed(upload, **variant, model=" u2net")
    assert "saliency" not in again.seconds
    assert again.verdict == first.verdict
    assert stand.contents(again) == contents


@pytest.mark.parametrize(
    ("made_with", "asked"), [({}, {"model": "u2netp"}), ({"crop": "subject"}, {}), ({"model": "u2netp"}, {})]
)
def test_a_stored_matte_of_another_kind_is_not_taken(
    stand: Stand, made_with: dict[str, str], asked: dict[str, str]
) -> None:
    upload = stand.upload()
    stand.removed(upload, outputs="mask", **made_with)
    assert "saliency" in stand.removed(upload, matte="stored", **asked).seconds


def test_a_stored_matte_of_an_older_version_is_not_taken(stand: Stand) -> None:
    stand.removed(stand.upload(), outputs="mask")
    assert "saliency" in stand.removed(stand.upload(top=10), matte="stored").seconds


def test_a_background_is_checked_as_the_photo_is(stand: Stand) -> None:
    checked = []

    def check(content: bytes, *_: object) -> bytes:
        checked.append(content)
        return content

    beach, photo = stand.upload("beach.png", top=0), stand.upload()
    stand.removed(photo, check, background="key:beach.png")
    assert checked == [stand.s3.get_object(Bucket="inbox", Key=upload.key)["Body"].read() for upload in (photo, beach)]


def test_a_key_that_leaves_no_room_for_an_ending_is_refused_before_anything_is_written(stand: Stand) -> None:
    with pytest.raises(NameTooLong):
        stand.removed(stand.upload("k" * 1018), outputs="png,mask")
    assert stand.outputs() == []


def test_metadata_that_leaves_no_room_is_refused_before_the_photo_is_read(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(Source, "read", unwanted)
    with pytest.raises(NameTooLong):
        stand.removed(stand.upload(), background=f"key:{'ü' * 400}")
