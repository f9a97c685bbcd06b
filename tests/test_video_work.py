"""If these fail, a result lies where nobody looks for it, or is another than the pipeline made."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.header import Header
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cutout.choices import Output
from cutout.errors import NameTooLong
from cutout.events import Upload
from cutout.options import Options
from cutout.results import Removed
from cutout.saliency.detector import Detector
from cutout.settings import VideoSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Storage
from cutout.video_work import VideoWork
from tests.pretend_pipeline import LIMITS, Pipeline

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTINGS = VideoSettings(
    "outbox", "results", "outcomes", Path("/nowhere"), "job-1", "1", Options(outputs=(Output.MP4,)), LIMITS
)


@dataclass
class Stand:
    """The work with buckets on both sides of it."""

    s3: "S3Client"
    pipeline: Pipeline
    work: VideoWork

    def upload(self, key: str = "a.mp4", content: bytes = b"a clip", **metadata: str) -> Upload:
        answer = self.s3.put_object(Bucket="inbox", Key=key, Body=content, Metadata=metadata)
        return Upload("inbox", key, answer["VersionId"])

    def removed(self, upload: Upload, check: Callable[[], None] = lambda: None) -> Removed:
        watch = Stopwatch()
        with watch.stage("fetch"):
            source = self.work.headers(upload)
        return self.work.remove(source, watch, check, lambda _: None)

    def outputs(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="outbox").get("Contents", [])]


@pytest.fixture
def stand(s3: "S3Client", painted_detector: Detector, tmp_path: Path) -> Stand:
    pipeline = Pipeline()
    return Stand(s3, pipeline, VideoWork(SETTINGS, Storage(s3), lambda _: painted_detector, pipeline, tmp_path))


def test_a_doubtful_result_goes_where_somebody_looks_at_it(stand: Stand) -> None:
    stand.work = replace(stand.work, settings=replace(SETTINGS, review_below=0.95))
    removed = stand.removed(stand.upload())
    assert [written.key for written in removed.outputs] == stand.outputs() == ["review/a.mp4.mp4"]
    verdict = stand.s3.head_object(Bucket="outbox", Key="review/a.mp4.mp4")["Metadata"]["verdict"]
    assert json.loads(verdict)["confidence"] == 0.9


def test_a_background_is_read_from_the_same_bucket(stand: Stand) -> None:
    stand.upload("studio ü.mp4", b"studio")
    encoded = Header("key:studio ü.mp4", "utf-8").encode()
    stand.removed(stand.upload(**{"cutout-background": encoded}))
    assert stand.pipeline.read == [b"a clip", b"studio"]


def test_a_large_output_arrives_whole(stand: Stand) -> None:
    content = np.random.default_rng(1).bytes(9_000_000)
    stand.pipeline.content = lambda _: content
    stand.removed(stand.upload())
    assert stand.s3.get_object(Bucket="outbox", Key="a.mp4.mp4")["Body"].read() == content


def test_what_shall_end_the_work_ends_it_before_an_output_is_there(stand: Stand) -> None:
    def check() -> None:
        raise InterruptedError

    stand.pipeline.content = lambda _: bytes(9_000_000)
    with pytest.raises(InterruptedError):
        stand.removed(stand.upload(), check)
    assert stand.outputs() == []


def test_a_key_that_leaves_no_room_for_an_ending_is_refused_before_the_work(stand: Stand) -> None:
    with pytest.raises(NameTooLong):
        stand.removed(stand.upload("k" * 1018, **{"cutout-outputs": "mp4,mask"}))
    assert stand.pipeline.read == []


def test_metadata_that_leaves_no_room_is_refused_before_the_work(stand: Stand) -> None:
    with pytest.raises(NameTooLong):
        stand.removed(replace(stand.upload(), options={"background": f"key:{'ü' * 400}"}))
    assert stand.pipeline.read == []
