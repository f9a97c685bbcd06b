"""If these fail, an upload has no outcome, two, or a wrong one."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import boto3
import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from PIL import Image

from cutout.claim import Claim
from cutout.claims import Claims
from cutout.errors import MissingWeights, ResultBusUnavailable, StorageUnavailable, UnreadableEvent
from cutout.events import Upload, parse
from cutout.limits import Limits
from cutout.media.png import encode_png
from cutout.metrics import Metrics
from cutout.models import Model
from cutout.options import Options
from cutout.photo_work import PhotoWork
from cutout.results import Decision, Failed, Outcome, Removed, ResultBus
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings
from cutout.storage import Storage
from functions.image import handler as module
from functions.image.handler import CLOCKS_DIFFER_SECONDS, ImageFunction, claims_of, handler
from tests import heard

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVENTS = Path(__file__).parents[3] / "infra" / "events"
SETTINGS = ImageSettings(
    "outbox", "results", "outcomes", Path("/nowhere"), Options(), Limits(megabytes=1, megapixels=0.5)
)
METRICS = Metrics("cutout", "photo")


@dataclass
class Context:
    """What Lambda tells the function of an invocation."""

    function_name: str = "cutout-image"
    memory_limit_in_mb: int = 4096
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:cutout-image"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    seconds: float = 120

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)


class Bus(ResultBus):
    """A bus that remembers what was put on it, and refuses the first `refusals`."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.refusals = 0

    def publish(self, decision: Decision) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ResultBusUnavailable("Busy.")
        self.decisions.append(decision)

    @property
    def outcomes(self) -> list[Outcome]:
        return [heard.outcome(decision) for decision in self.decisions]


@dataclass
class Stand:
    """The function with everything around it."""

    s3: "S3Client"
    bus: Bus
    claims: Callable[[str], Claims]
    detector: Detector
    function: ImageFunction = field(init=False)

    def __post_init__(self) -> None:
        self.install(SETTINGS)

    def install(self, settings: ImageSettings) -> None:
        storage = Storage(self.s3)
        work = PhotoWork(settings, storage, lambda _: self.detector)
        self.function = ImageFunction(settings, storage, self.bus, self.claims, work, METRICS)

    def upload(self, key: str = "a+b 100% ü.png", content: bytes | None = None, **metadata: str) -> Upload:
        body = photo() if content is None else content
        answer = self.s3.put_object(Bucket="inbox", Key=key, Body=body, Metadata=metadata)
        return Upload("inbox", key, answer["VersionId"], answer["ETag"].strip('"'))

    def outputs(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="outbox").get("Contents", [])]


def photo() -> bytes:
    pixels = np.full((120, 200, 3), (10, 20, 200), np.uint8)
    pixels[30:90, 50:110] = (250, 40, 30)
    return encode_png(pixels)


@pytest.fixture
def stand(s3: "S3Client", painted_detector: Detector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    table = boto3.client("dynamodb")
    table.create_table(
        TableName="outcomes",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    stand = Stand(s3, Bus(), partial(claims_of, table, "outcomes"), painted_detector)
    monkeypatch.setattr(module, "image_function", lambda: stand.function)
    yield stand
    table.close()


def sqs(*bodies: str) -> dict[str, Any]:
    record = json.loads((EVENTS / "sqs-eventbridge.json").read_text())["Records"][0]
    return {"Records": [{**record, "messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def announced(upload: Upload) -> str:
    entry = {"key": upload.key, "version-id": upload.version, "etag": upload.etag, "size": 1}
    return json.dumps({"detail-type": "Object Created", "detail": {"bucket": {"name": upload.bucket}, "object": entry}})


def direct(upload: Upload) -> dict[str, Any]:
    return {"bucket": upload.bucket, "key": upload.key}


def test_a_photo_becomes_a_cutout_and_an_outcome(stand: Stand) -> None:
    upload = stand.upload(**{"cutout-outputs": "png,mask"})
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": []}
    assert stand.outputs() == ["a+b 100% ü.png.mask.png", "a+b 100% ü.png.png"]
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Removed)
    assert replace(outcome.upload, options={}) == upload
    assert [written.key for written in outcome.outputs] == ["a+b 100% ü.png.png", "a+b 100% ü.png.mask.png"]
    assert list(outcome.seconds) == [
        "fetch",
        "decode",
        "saliency",
        "matte",
        "composite",
        "foreground",
        "encode",
        "store",
    ]
    stored = stand.s3.get_object(Bucket="outbox", Key="a+b 100% ü.png.png")
    assert stored["ContentType"] == "image/png"
    assert stored["Metadata"]["source-version"] == upload.version
    assert json.loads(stored["Metadata"]["options"])["outputs"] == "png,mask"
    content = stored["Body"].read()
    assert len(content) == outcome.outputs[0].size_bytes
    assert Image.open(io.BytesIO(content)).mode == "RGBA"


@pytest.mark.parametrize("name", [path.stem for path in sorted(EVENTS.glob("*.json"))])
def test_every_recorded_event_is_worked_on(stand: Stand, name: str) -> None:
    stand.s3.create_bucket(Bucket="cutout-in")
    text = (EVENTS / f"{name}.json").read_text()
    uploads = parse(json.loads(text))
    for upload in uploads:
        answer = stand.s3.put_object(Bucket=upload.bucket, Key=upload.key, Body=photo())
        text = as_it_is_here(text, upload, answer["ETag"].strip('"'))
    given = handler(json.loads(text), Context())
    assert [outcome.upload.key for outcome in stand.bus.outcomes] == [upload.key for upload in uploads]
    assert all(isinstance(outcome, Removed) for outcome in stand.bus.outcomes)
    if name.startswith("direct"):
        assert given["detail-type"] == "Background Removed"
        assert given["detail"]["outputs"][0]["key"] == f"{uploads[0].key}.png"


def as_it_is_here(text: str, upload: Upload, etag: str) -> str:
    """The recorded event with the etag of the object that was put here, in a bucket without versions."""
    for name in ("version-id", "versionId"):
        text = text.replace(name, "unused")
    return text.replace(upload.etag, etag) if upload.etag else text


REFUSALS: list[tuple[str, bytes, dict[str, str]]] = [
    ("no_subject", encode_png(np.zeros((40, 40, 3), np.uint8)), {}),
    ("unreadable_image", photo()[:-200], {}),
    ("unsupported_format", b"a letter, not a photo", {}),
    ("empty_file", b"", {}),
    ("too_many_pixels", encode_png(np.zeros((1000, 600, 3), np.uint8)), {}),
    ("too_many_bytes", photo() + bytes(1_000_000), {}),
    ("invalid_option", photo(), {"cutout-colour": "red"}),
    ("invalid_option", photo(), {"cutout-model": "u3net"}),
    ("invalid_option", photo(), {"cutout-background": "rgb(300,0,0)"}),
    ("object_missing", photo(), {"cutout-background": "key:nowhere.jpg"}),
]


@pytest.mark.parametrize(("code", "content", "metadata"), REFUSALS)
def test_a_refusal_is_named_once_and_does_not_come_again(
    stand: Stand, code: str, content: bytes, metadata: dict[str, str]
) -> None:
    upload = stand.upload(content=content, **metadata)
    for _ in range(2):
        assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": []}
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.error.retry_can_help) == (code, False)
    assert outcome.upload.key == upload.key
    assert str(outcome.error)
    assert stand.outputs() == []


@pytest.mark.parametrize(
    ("code", "upload"),
    [
        ("object_missing", Upload("inbox", "nowhere.jpg")),
        ("object_deleted", Upload("inbox", "nowhere.jpg", "a-version", "an-etag")),
        ("output_bucket_as_source", Upload("outbox", "a.jpg.png", "a-version", "an-etag")),
    ],
)
def test_what_cannot_be_opened_is_refused_once(stand: Stand, code: str, upload: Upload) -> None:
    for _ in range(2):
        assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": []}
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Failed)
    assert outcome.error.code == code


def test_an_upload_that_was_deleted_at_once_is_refused(stand: Stand) -> None:
    upload = stand.upload()
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    handler(sqs(announced(upload)), Context())
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "object_deleted"


def test_a_repeated_event_changes_nothing_and_gets_the_same_answer(stand: Stand) -> None:
    upload = stand.upload()
    first = handler(direct(upload), Context())
    stand.s3.delete_object(Bucket="outbox", Key=f"{upload.key}.png")
    assert handler(direct(upload), Context()) == first
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": []}
    assert len(stand.bus.outcomes) == 1
    assert stand.outputs() == []


def test_a_repeated_event_of_a_photo_that_is_gone_changes_nothing(stand: Stand) -> None:
    upload = stand.upload(**{"cutout-outputs": "webp"})
    handler(sqs(announced(upload)), Context())
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    handler(sqs(announced(upload)), Context())
    assert [type(outcome) for outcome in stand.bus.outcomes] == [Removed]


def test_the_same_photo_in_a_bucket_without_versions_can_be_ordered_with_other_options(stand: Stand) -> None:
    stand.s3.create_bucket(Bucket="unversioned")
    for outputs in ("png", "webp", "webp"):
        metadata = {"cutout-outputs": outputs}
        stand.s3.put_object(Bucket="unversioned", Key="a.png", Body=photo(), Metadata=metadata)
        handler({"bucket": "unversioned", "key": "a.png"}, Context())
    assert stand.outputs() == ["a.png.png", "a.png.webp"]
    assert len(stand.bus.outcomes) == 2


def test_every_version_has_its_own_outcome(stand: Stand) -> None:
    first, second = stand.upload(), stand.upload(content=b"junk")
    handler(sqs(announced(second), announced(first)), Context())
    assert [(type(outcome), outcome.upload.version) for outcome in stand.bus.outcomes] == [
        (Failed, second.version),
        (Removed, first.version),
    ]


def test_other_options_are_another_order(stand: Stand) -> None:
    upload = stand.upload()
    handler(direct(upload), Context())
    handler({**direct(upload), "options": {"outputs": "webp"}}, Context())
    assert stand.outputs() == [f"{upload.key}.png", f"{upload.key}.webp"]


def test_the_callers_options_win_over_the_objects(stand: Stand) -> None:
    upload = stand.upload(**{"cutout-outputs": "webp", "cutout-background": "white"})
    event = {**direct(upload), "options": {"outputs": "jpg"}}
    answer = handler(event, Context())
    assert answer["detail"]["options"]["background"] == "#ffffff"
    assert stand.outputs() == [f"{upload.key}.jpg"]


def failing_once(stand: Stand, operation: str) -> None:
    """Let S3 answer the first `operation` with 503, as it does when it is throttled."""
    state = {"failures": 1}

    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [b"<Error><Code>SlowDown</Code></Error>"]

    def respond(**_: object) -> AWSResponse | None:
        state["failures"] -= 1
        return AWSResponse("http://s3", 503, {}, Raw()) if state["failures"] >= 0 else None

    stand.s3.meta.events.register_first(f"before-send.s3.{operation}", respond)


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_passing_fault_of_s3_is_tried_again_and_leaves_one_outcome(stand: Stand, operation: str) -> None:
    upload, other = stand.upload(), stand.upload("other.png")
    failing_once(stand, operation)
    event = sqs(announced(upload), announced(other))
    assert handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert handler(event, Context()) == {"batchItemFailures": []}
    assert sorted(outcome.upload.key for outcome in stand.bus.outcomes) == [upload.key, "other.png"]
    assert all(isinstance(outcome, Removed) for outcome in stand.bus.outcomes)


@pytest.fixture
def dead(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Upload]:
    """An upload whose invocation was killed just before it called the method of `Claim` that is named."""

    def dead(method: str) -> Upload:
        def die(*_: object) -> None:
            raise SystemExit

        upload = stand.upload()
        with monkeypatch.context() as patched:
            patched.setattr(Claim, method, die)
            with pytest.raises(SystemExit):
                handler(sqs(announced(upload)), Context(seconds=0))
        return upload

    return dead


def test_a_function_that_died_while_it_told_its_outcome_leaves_the_same_outcome_to_be_told(
    stand: Stand, dead: Callable[[str], Upload]
) -> None:
    """Though the photo is gone by then, which would be another outcome."""
    upload = dead("note_told")
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    stand.s3.delete_object(Bucket="outbox", Key=f"{upload.key}.png")
    sleep(CLOCKS_DIFFER_SECONDS + 1.1)
    for _ in range(2):
        assert handler(sqs(announced(upload)), Context(aws_request_id="another")) == {"batchItemFailures": []}
    told, told_again = stand.bus.decisions
    assert told == told_again
    assert told.detail_type == "Background Removed"
    assert stand.outputs() == [], "nothing is done twice"


def test_a_function_that_died_at_work_leaves_the_work_to_the_next(stand: Stand, dead: Callable[[str], Upload]) -> None:
    upload = dead("decide")
    failed = {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert handler(sqs(announced(upload)), Context(aws_request_id="too-early")) == failed
    assert stand.bus.decisions == []
    sleep(CLOCKS_DIFFER_SECONDS + 1.1)
    assert handler(sqs(announced(upload)), Context(aws_request_id="another")) == {"batchItemFailures": []}
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Removed)


def test_an_outcome_that_the_bus_did_not_take_is_told_later_and_the_work_is_not_done_again(stand: Stand) -> None:
    upload, stand.bus.refusals = stand.upload(), 1
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    stand.s3.delete_object(Bucket="outbox", Key=f"{upload.key}.png")
    assert handler(sqs(announced(upload)), Context(aws_request_id="another")) == {"batchItemFailures": []}
    assert len(stand.bus.decisions) == 1
    assert stand.outputs() == []


def test_a_direct_caller_hears_of_a_passing_fault(stand: Stand) -> None:
    upload = stand.upload()
    failing_once(stand, "GetObject")
    with pytest.raises(StorageUnavailable):
        handler(direct(upload), Context())
    assert stand.bus.outcomes == []


def test_a_message_that_announces_nothing_goes_back_and_the_others_do_not(stand: Stand) -> None:
    upload = stand.upload()
    answer = handler(sqs("not json", announced(upload), '{"hello": 1}'), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}]}
    assert len(stand.bus.outcomes) == 1
    with pytest.raises(UnreadableEvent):
        handler({"hello": 1}, Context())


def test_an_output_that_is_uploaded_again_is_a_photo_like_any_other(stand: Stand) -> None:
    handler(direct(stand.upload()), Context())
    copied = {"Bucket": "outbox", "Key": "a+b 100% ü.png.png"}
    stand.s3.copy_object(Bucket="inbox", Key="again.png", CopySource=copied)  # type: ignore[arg-type]
    assert handler({"bucket": "inbox", "key": "again.png"}, Context())["detail-type"] == "Background Removed"


def test_a_missing_output_bucket_is_no_fault_of_the_upload(stand: Stand) -> None:
    upload = stand.upload()
    stand.s3.delete_bucket(Bucket="outbox")
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    stand.s3.create_bucket(Bucket="outbox")
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": []}
    assert stand.outputs() == [f"{upload.key}.png"]


def test_other_defaults_are_another_order(stand: Stand) -> None:
    upload = stand.upload()
    handler(direct(upload), Context())
    stand.install(replace(SETTINGS, options=Options().updated({"outputs": "webp"})))
    handler(direct(upload), Context())
    assert stand.outputs() == [f"{upload.key}.png", f"{upload.key}.webp"]


def test_one_upload_of_a_message_does_not_keep_the_others_from_their_outcomes(stand: Stand) -> None:
    upload, other = stand.upload(), stand.upload("other.png")
    records = [
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "inbox"}, "object": {"key": quote_plus(each.key)}}}
        for each in (upload, other)
    ]
    failing_once(stand, "GetObject")
    answer = handler(sqs(json.dumps({"Records": records})), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert [outcome.upload.key for outcome in stand.bus.outcomes] == ["other.png"]


def test_an_installation_without_weights_loses_no_upload(
    stand: Stand, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Model) -> Detector:
        raise MissingWeights("There are no weights.")

    table = partial(claims_of, boto3.client("dynamodb"), "outcomes")
    storage = Storage(s3)
    function = ImageFunction(SETTINGS, storage, stand.bus, table, PhotoWork(SETTINGS, storage, missing), METRICS)
    monkeypatch.setattr(module, "image_function", lambda: function)
    upload = stand.upload()
    assert handler(sqs(announced(upload)), Context()) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert stand.bus.outcomes == []


@pytest.fixture
def beside_videos(stand: Stand) -> Stand:
    """The function of an installation in which videos have a job of their own."""
    stand.install(replace(SETTINGS, leaves_videos=True, input_bucket="inbox"))
    return stand


def wrapped(upload: Upload) -> list[Any]:
    """The ways in which `upload` is announced, each as the event that the function gets."""
    entry = {"key": quote_plus(upload.key), "versionId": upload.version, "eTag": upload.etag}
    notification = {
        "Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": upload.bucket}, "object": entry}}]
    }
    return [sqs(announced(upload)), json.loads(announced(upload)), sqs(json.dumps(notification)), notification]


@pytest.mark.parametrize("way", range(4))
def test_a_video_is_left_to_its_job_and_the_photos_beside_it_are_not(beside_videos: Stand, way: int) -> None:
    video, image = beside_videos.upload("clip.MOV", b"video"), beside_videos.upload("a.png")
    for upload in (video, image):
        answer = handler(wrapped(upload)[way], Context())
        assert answer == {"batchItemFailures": []} or isinstance(answer, list)
    assert [outcome.upload.key for outcome in beside_videos.bus.outcomes] == ["a.png"]


@pytest.mark.parametrize("way", range(4))
def test_without_a_job_for_videos_a_video_is_refused_by_name(stand: Stand, way: int) -> None:
    handler(wrapped(stand.upload("clip.MOV", b"\0\0\0\x20ftypqt  " + bytes(40)))[way], Context())
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "unsupported_format"


@pytest.mark.parametrize("in_queue", [True, False])
def test_a_direct_call_for_a_video_is_refused_to_its_caller_alone(beside_videos: Stand, in_queue: bool) -> None:
    """On the bus it would be a second outcome of the upload that the job answers for."""
    event = direct(beside_videos.upload("clip.mp4", b"video"))
    answer = handler(sqs(json.dumps(event)) if in_queue else event, Context())
    assert beside_videos.bus.outcomes == []
    assert boto3.client("dynamodb").scan(TableName="outcomes")["Items"] == []
    if in_queue:
        assert answer == {"batchItemFailures": []}
    else:
        assert answer["detail-type"] == "Background Removal Failed"
        assert answer["detail"]["error"]["code"] == "unsupported_format"
        assert "when it is uploaded" in answer["detail"]["error"]["message"]


@pytest.mark.parametrize("is_direct", [True, False])
@pytest.mark.parametrize("bucket", ["elsewhere", "outbox"])
def test_a_video_that_no_rule_hears_of_has_its_outcome(beside_videos: Stand, bucket: str, is_direct: bool) -> None:
    upload = Upload(bucket, "clip.mp4", "a-version", "an-etag")
    handler(direct(upload) if is_direct else sqs(announced(upload)), Context())
    (outcome,) = beside_videos.bus.outcomes
    assert isinstance(outcome, Failed)
    if bucket == "outbox":
        assert outcome.error.code == "output_bucket_as_source"
    else:
        assert outcome.error.code == "unsupported_format"
        assert "Only uploads to the input bucket" in str(outcome.error)


def test_a_message_about_a_video_and_a_photo_answers_for_the_photo(beside_videos: Stand) -> None:
    records = [record for key in ("clip.mp4", "a.png") for record in wrapped(beside_videos.upload(key))[3]["Records"]]
    assert handler(sqs(json.dumps({"Records": records})), Context()) == {"batchItemFailures": []}
    assert [outcome.upload.key for outcome in beside_videos.bus.outcomes] == ["a.png"]


def test_no_file_however_awkward_keeps_the_others_of_its_batch_from_their_outcomes(
    stand: Stand, reference_data: Path
) -> None:
    stand.install(replace(SETTINGS, limits=Limits()))
    awkward = [stand.upload(path.name, path.read_bytes()) for path in sorted((reference_data / "awkward").iterdir())]
    good = [stand.upload(f"good-{number}.png") for number in range(len(awkward))]
    messages = [announced(upload) for pair in zip(awkward, good, strict=True) for upload in pair]
    for begin in range(0, len(messages), 10):
        assert handler(sqs(*messages[begin : begin + 10]), Context()) == {"batchItemFailures": []}
    outcomes = {outcome.upload.key: outcome for outcome in stand.bus.outcomes}
    assert len(stand.bus.decisions) == len(outcomes) == len(messages)
    assert all(isinstance(outcomes[upload.key], Removed) for upload in good)
    bombs = [outcome for key, outcome in outcomes.items() if key.startswith("bomb")]
    assert bombs
    assert all(isinstance(outcome, Failed) for outcome in bombs)
