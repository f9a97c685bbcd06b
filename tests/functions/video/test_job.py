"""If these fail, a video has no outcome, two, or a wrong one, or Batch is told the wrong thing."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import TYPE_CHECKING

import boto3
import pytest
import requests
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.server import ThreadedMotoServer

from cutout.choices import Output
from cutout.claim import LEASE_SECONDS, RENEWAL_SECONDS, Claim
from cutout.claims import Claims
from cutout.errors import InvalidSettings, MissingWeights, NoFrames, ResultBusUnavailable, UnreadableEvent
from cutout.events import Upload
from cutout.metrics import Metrics
from cutout.options import Options
from cutout.results import Decision, Failed, Outcome, Removed, ResultBus
from cutout.saliency.detector import Detector
from cutout.settings import VideoSettings
from cutout.storage import Storage
from cutout.video_pipeline import Progress
from cutout.video_work import VideoWork
from functions.video.job import DONE, FAILED, TRY_AGAIN, ProgressLog, VideoJob, exit_status, upload_of, video_job
from tests import heard
from tests.pretend_pipeline import LIMITS, Pipeline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

CLIP = b"a clip"
SETTINGS = VideoSettings(
    "outbox",
    "results",
    "outcomes",
    Path("/nowhere"),
    "job-1",
    "1",
    Options(outputs=(Output.MP4,)),
    LIMITS,
)
METRICS = Metrics("cutout", "video")


class Bus(ResultBus):
    """A bus that remembers what was put on it, and refuses the first `refusals`."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.refusals = 0

    @property
    def outcomes(self) -> list[Outcome]:
        return [heard.outcome(decision) for decision in self.decisions]

    def publish(self, decision: Decision) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ResultBusUnavailable("Busy.")
        self.decisions.append(decision)


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Stand:
    """Jobs with everything around them."""

    s3: "S3Client"
    table: "DynamoDBClient"
    detector: Detector
    scratch: Path
    bus: Bus = field(default_factory=Bus)
    pipeline: Pipeline = field(default_factory=Pipeline)
    clock: Clock = field(default_factory=Clock)
    settings: VideoSettings = SETTINGS
    beat_seconds: float = 0.01
    pause: Callable[[float], None] = field(init=False)

    def __post_init__(self) -> None:
        self.pause = self.clock.pause

    def upload(
        self, key: str = "a+b 100% ü.mp4", content: bytes = CLIP, bucket: str = "inbox", **metadata: str
    ) -> Upload:
        answer = self.s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata=metadata)
        return Upload(bucket, key, answer.get("VersionId"), answer["ETag"].strip('"'))

    def run(self, upload: Upload, owner: str = "job-1", pipeline: Pipeline | None = None) -> int:
        """The exit status of a job for `upload`."""
        scratch = self.scratch / owner
        scratch.mkdir(exist_ok=True)
        work = VideoWork(self.settings, Storage(self.s3), lambda _: self.detector, pipeline or self.pipeline, scratch)
        job = VideoJob(
            self.settings,
            self.bus,
            Claims(self.table, "outcomes", owner, self.clock, self.pause),
            METRICS,
            work,
            self.clock,
            self.pause,
            beat_seconds=self.beat_seconds,
        )
        return exit_status(lambda: job.answer(upload))

    def outputs(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="outbox").get("Contents", [])]

    def failure(self) -> Failed:
        (outcome,) = self.bus.outcomes
        assert isinstance(outcome, Failed)
        return outcome


def create_table(client: "DynamoDBClient") -> None:
    client.create_table(
        TableName="outcomes",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def stand(s3: "S3Client", painted_detector: Detector, tmp_path: Path) -> Stand:
    table = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    create_table(table)
    return Stand(s3, table, painted_detector, tmp_path)


def test_a_video_becomes_files_and_an_outcome(stand: Stand) -> None:
    upload = stand.upload(**{"cutout-outputs": "mp4,mask", "cutout-model": "u2netp"})
    assert stand.run(upload) == DONE
    assert stand.pipeline.read == [CLIP]
    (outcome,) = stand.bus.outcomes
    assert isinstance(outcome, Removed)
    assert outcome.upload == upload
    assert [(written.key, written.size_bytes) for written in outcome.outputs] == [
        ("a+b 100% ü.mp4.mp4", 10),
        ("a+b 100% ü.mp4.mask.mp4", 13),
    ]
    assert list(outcome.seconds) == ["fetch", "decode", "saliency", "store"]
    assert outcome.detail()["report"]["frames_out"] == 3
    stored = stand.s3.get_object(Bucket="outbox", Key="a+b 100% ü.mp4.mp4")
    assert stored["ContentType"] == "video/x"
    assert stored["Metadata"]["source-version"] == upload.version
    assert json.loads(stored["Metadata"]["options"])["model"] == "u2netp"


@pytest.mark.parametrize(
    "key", ["-rf.mp4", "--", "a+b.mp4", "100%25.mp4", "a b/ü 视频.MOV", "Ref::key.mp4", "'\"$(x).mp4"]
)
def test_every_name_is_worked_on(stand: Stand, key: str) -> None:
    stand.upload(key)
    assert stand.run(upload_of(["--", "inbox", key, "", "-"])) == DONE
    assert stand.outputs() == [f"{key}.mp4"]
    (outcome,) = stand.bus.outcomes
    assert outcome.upload.key == key
    assert outcome.upload.version is not None


def test_the_command_line_names_one_upload() -> None:
    assert upload_of(["--", "b", "k", "v", '"e"']) == Upload("b", "k", "v", "e")
    assert upload_of(["--", "b", "k", "-", ""]) == Upload("b", "k")
    for arguments in ([], ["b", "k", "v", "e"], ["--", "b", "k", "v"], ["--", "b", "k", "v", "e", "x"]):
        with pytest.raises(InvalidSettings):
            upload_of(arguments)
    with pytest.raises(UnreadableEvent):
        upload_of(["--", "b", "", "v", "e"])


def test_a_repeated_event_changes_nothing(stand: Stand) -> None:
    upload = stand.upload()
    assert stand.run(upload) == DONE
    stand.s3.delete_object(Bucket="outbox", Key=f"{upload.key}.mp4")
    assert stand.run(upload, "job-2") == DONE
    assert stand.run(upload, "job-1") == DONE
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    assert stand.run(upload, "job-3") == DONE
    assert stand.outputs() == []
    assert len(stand.bus.outcomes) == len(stand.pipeline.read) == 1


def test_of_two_jobs_at_the_same_time_one_works(stand: Stand) -> None:
    upload = stand.upload()
    begun, go_on = Event(), Event()

    def meanwhile() -> None:
        begun.set()
        assert go_on.wait(10)

    statuses = []
    first = Thread(target=lambda: statuses.append(stand.run(upload, "job-1", Pipeline(meanwhile))))
    first.start()
    assert begun.wait(10)

    def wait_for_the_first(_: float) -> None:
        go_on.set()
        first.join()

    stand.pause = wait_for_the_first
    assert stand.run(upload, "job-2") == DONE
    assert statuses == [DONE]
    assert len(stand.bus.outcomes) == 1
    assert stand.pipeline.read == []


def died() -> None:
    raise SystemExit("as if the host were gone")


def test_a_job_whose_host_died_does_it_again(stand: Stand) -> None:
    upload = stand.upload()
    with pytest.raises(SystemExit):
        stand.run(upload, pipeline=Pipeline(died))
    begin = stand.clock.now
    assert stand.run(upload) == DONE
    assert stand.clock.now == begin
    assert len(stand.bus.outcomes) == 1


def test_a_redriven_upload_is_not_lost_though_its_first_job_was_killed_just_before(stand: Stand) -> None:
    upload, begin = stand.upload(), stand.clock.now
    with pytest.raises(SystemExit):
        stand.run(upload, pipeline=Pipeline(died))
    assert stand.run(upload, "job-2") == DONE
    assert stand.clock.now - begin > LEASE_SECONDS
    assert len(stand.bus.outcomes) == 1


def test_a_job_that_was_silent_for_too_long_says_nothing_once_another_has_taken_over(stand: Stand) -> None:
    stand.beat_seconds = 60
    upload = stand.upload()

    def silent() -> None:
        stand.clock.now += LEASE_SECONDS + 1
        assert stand.run(upload, "job-2") == DONE

    assert stand.run(upload, "job-1", Pipeline(silent)) == TRY_AGAIN
    assert [outcome.upload for outcome in stand.bus.outcomes] == [upload]
    assert stand.run(upload, "job-1") == DONE
    assert len(stand.bus.outcomes) == 1


@pytest.mark.parametrize("owner", ["job-1", "job-2"])
def test_a_job_that_died_while_it_told_its_outcome_leaves_the_same_outcome_to_be_told(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    """job-1 is the next attempt at the job itself, job-2 another job, which waits for the end of the lease."""
    upload = stand.upload()
    with monkeypatch.context() as patched:
        patched.setattr(Claim, "note_told", lambda _: died())
        with pytest.raises(SystemExit):
            stand.run(upload)
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    stand.s3.delete_object(Bucket="outbox", Key=f"{upload.key}.mp4")
    for again in (owner, "job-3"):
        assert stand.run(upload, again) == DONE
    told, told_again = stand.bus.decisions
    assert told == told_again
    assert isinstance(stand.bus.outcomes[0], Removed)
    assert stand.outputs() == [], "nothing is done twice"


def test_a_job_that_has_lost_its_claim_ends_before_it_writes_an_output(stand: Stand) -> None:
    stand.beat_seconds = 0.3
    upload, late = stand.upload(), Pipeline()
    written: list[Output] = []
    late.content = lambda output: written.append(output) or b""  # type: ignore[func-returns-value]

    def silent() -> None:
        stand.clock.now += LEASE_SECONDS + 1
        assert stand.run(upload, "job-2") == DONE
        sleep(0.7)  # a pulse has beaten by then

    late.meanwhile = silent
    assert stand.run(upload, "job-1", late) == TRY_AGAIN
    assert written == []


def test_a_job_that_is_silent_keeps_its_claim(stand: Stand) -> None:
    """As it is while FFmpeg rewrites a file."""
    upload, leases = stand.upload(), []

    def silent() -> None:
        stand.clock.now += RENEWAL_SECONDS
        for _ in range(1000):
            (row,) = stand.table.scan(TableName="outcomes")["Items"]
            if int(row["lease_until"]["N"]) == stand.clock.now + LEASE_SECONDS:
                leases.append(row)
                return
            sleep(0.01)

    assert stand.run(upload, pipeline=Pipeline(silent)) == DONE
    assert len(leases) == 1


def test_a_claim_that_is_lost_between_two_renewals_is_noticed_before_the_outcome_is_told(stand: Stand) -> None:
    stand.beat_seconds = 60  # no pulse beats
    upload = stand.upload()

    def silent() -> None:
        stand.clock.now += LEASE_SECONDS + 1
        assert stand.run(upload, "job-2") == DONE
        stand.clock.now -= LEASE_SECONDS + 1

    assert stand.run(upload, "job-1", Pipeline(silent)) == TRY_AGAIN
    assert len(stand.bus.outcomes) == 1


REFUSALS: list[tuple[str, bytes, dict[str, str]]] = [
    ("too_many_bytes", bytes(10_000_001), {}),
    ("invalid_option", CLIP, {"cutout-colour": "red"}),
    ("invalid_option", CLIP, {"cutout-outputs": "png"}),
    ("invalid_option", CLIP, {"cutout-outputs": "mp4,webp"}),
    ("invalid_option", CLIP, {"cutout-crop": "subject:5%"}),
    ("object_missing", CLIP, {"cutout-background": "key:nowhere.mp4"}),
]


@pytest.mark.parametrize(("code", "content", "metadata"), REFUSALS)
def test_a_refusal_is_an_outcome(stand: Stand, code: str, content: bytes, metadata: dict[str, str]) -> None:
    upload = stand.upload(content=content, **metadata)
    assert stand.run(upload) == DONE
    assert stand.run(upload, "job-2") == DONE
    failure = stand.failure()
    assert (failure.error.code, failure.error.retry_can_help) == (code, False)
    assert replace(failure.upload, options={}) == upload
    assert stand.outputs() == []


def test_a_person_who_mended_what_was_refused_has_it_done_anew(stand: Stand) -> None:
    upload = stand.upload(**{"cutout-background": "key:later.mp4"})
    assert stand.run(upload) == DONE
    assert stand.failure().error.code == "object_missing"
    stand.upload("later.mp4")
    by_hand = upload_of(["--", upload.bucket, upload.key, "-", "-"])
    assert stand.run(upload, "job-2") == DONE
    assert stand.run(by_hand, "job-1") == DONE
    assert len(stand.bus.outcomes) == 1
    for owner in ("job-3", "job-4"):
        assert stand.run(by_hand, owner) == DONE
    assert [type(outcome) for outcome in stand.bus.outcomes] == [Failed, Removed]


def test_the_log_says_why_a_job_does_nothing(stand: Stand) -> None:
    said: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("cutout").addHandler(listener)
    try:
        upload = stand.upload()
        assert stand.run(upload) == DONE
        said.clear()
        assert stand.run(upload, "job-2") == DONE
    finally:
        logging.getLogger("cutout").removeHandler(listener)
    assert said == ["This upload has its outcome already."]


def test_what_the_pipeline_refuses_is_told_once(stand: Stand) -> None:
    def refuse() -> None:
        raise NoFrames("The video has no frames.")

    upload = stand.upload()
    assert stand.run(upload, pipeline=Pipeline(refuse)) == DONE
    assert stand.run(upload, "job-2") == DONE
    assert stand.failure().error.code == "no_frames"


@pytest.mark.parametrize(
    ("code", "upload"),
    [
        ("object_deleted", Upload("inbox", "nowhere.mp4", "a-version", "an-etag")),
        ("output_bucket_as_source", Upload("outbox", "a.mp4.mp4", "a-version", "an-etag")),
    ],
)
def test_what_cannot_be_opened_is_refused_once(stand: Stand, code: str, upload: Upload) -> None:
    for owner in ("job-1", "job-2"):
        assert stand.run(upload, owner) == DONE
    assert stand.failure().error.code == code
    assert stand.failure().upload.key == upload.key


def test_a_person_who_asks_for_what_never_was_hears_of_it_each_time(stand: Stand) -> None:
    for owner in ("job-1", "job-2"):
        assert stand.run(Upload("inbox", "nowhere.mp4"), owner) == DONE
    codes = [outcome.error.code for outcome in stand.bus.outcomes if isinstance(outcome, Failed)]
    assert codes == ["object_missing"] * 2


def test_a_video_that_is_deleted_before_the_job_begins_is_refused(stand: Stand) -> None:
    upload = stand.upload()
    stand.s3.delete_object(Bucket="inbox", Key=upload.key)
    assert stand.run(upload) == DONE
    assert stand.failure().error.code == "object_deleted"


def test_a_video_that_is_overwritten_while_it_is_waiting_is_never_mixed_with_the_other(stand: Stand) -> None:
    stand.s3.create_bucket(Bucket="unversioned")
    upload = stand.upload("a.mp4", bucket="unversioned")

    def overwrite(request: AWSPreparedRequest, **_: object) -> None:
        if "Range" in request.headers:
            stand.upload("a.mp4", b"another", "unversioned")

    stand.s3.meta.events.register_first("before-send.s3.GetObject", overwrite)
    assert stand.run(upload) == DONE
    assert stand.failure().error.code == "object_replaced"
    assert stand.outputs() == []


def test_every_version_has_its_own_outcome(stand: Stand) -> None:
    first, second = stand.upload(content=b"first"), stand.upload(content=b"second")
    assert (stand.run(second), stand.run(first)) == (DONE, DONE)
    assert stand.pipeline.read == [b"second", b"first"]
    assert [outcome.upload.version for outcome in stand.bus.outcomes] == [second.version, first.version]


def test_the_same_video_without_versions_can_be_ordered_with_other_options(stand: Stand) -> None:
    stand.s3.create_bucket(Bucket="unversioned")
    for outputs in ("mp4", "webm", "webm"):
        upload = stand.upload("a.mp4", bucket="unversioned", **{"cutout-outputs": outputs})
        assert stand.run(upload) == DONE
    assert stand.outputs() == ["a.mp4.mp4", "a.mp4.webm"]
    assert len(stand.bus.outcomes) == 2


def failing_once(stand: Stand, operation: str, status: int = 503, code: str = "SlowDown") -> None:
    """Let S3 answer the first `operation` with an error, as it does when it is throttled."""
    state = {"failures": 1}

    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [f"<Error><Code>{code}</Code></Error>".encode()]

    def respond(**_: object) -> AWSResponse | None:
        state["failures"] -= 1
        return AWSResponse("http://s3", status, {}, Raw()) if state["failures"] >= 0 else None

    stand.s3.meta.events.register_first(f"before-send.s3.{operation}", respond)


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_passing_fault_of_s3_is_tried_again_and_leaves_one_outcome(stand: Stand, operation: str) -> None:
    upload = stand.upload()
    failing_once(stand, operation)
    assert stand.run(upload) == TRY_AGAIN
    assert stand.bus.outcomes == []
    assert stand.run(upload) == DONE
    assert [type(outcome) for outcome in stand.bus.outcomes] == [Removed]


@pytest.mark.parametrize("metadata", [{}, {"cutout-outputs": "png"}])
def test_an_outcome_that_the_bus_did_not_take_is_told_when_it_does(stand: Stand, metadata: dict[str, str]) -> None:
    stand.bus.refusals = 1000
    upload, begin = stand.upload(**metadata), stand.clock.now
    assert (stand.run(upload), stand.bus.outcomes) == (TRY_AGAIN, [])
    assert 240 < stand.clock.now - begin <= 300
    assert stand.bus.refusals > 980
    stand.bus.refusals = 0
    assert stand.run(upload) == DONE
    assert len(stand.bus.outcomes) == 1


def test_a_bus_that_is_away_for_minutes_costs_no_work(stand: Stand) -> None:
    stand.bus.refusals = 8
    assert stand.run(stand.upload()) == DONE
    assert len(stand.bus.outcomes) == len(stand.pipeline.read) == 1


def test_a_table_that_is_away_when_the_outcome_is_told_costs_no_work_and_no_second_outcome(stand: Stand) -> None:
    state = {"failures": 4}

    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}']

    def respond(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if b"detail_type" not in request.body or not state["failures"]:
            return None
        state["failures"] -= 1
        return AWSResponse("http://dynamodb", 500, {}, Raw())

    stand.table.meta.events.register_first("before-send.dynamodb.UpdateItem", respond)
    upload = stand.upload()
    assert stand.run(upload) == DONE
    assert stand.run(upload, "job-2") == DONE
    assert state == {"failures": 0}
    assert len(stand.bus.outcomes) == len(stand.pipeline.read) == 1


def unknown_fault() -> None:
    raise ZeroDivisionError


def no_weights() -> None:
    raise MissingWeights("There are no weights.")


@pytest.mark.parametrize("fault", [unknown_fault, no_weights])
def test_what_somebody_has_to_mend_fails_for_good_and_can_be_redriven_at_once(
    stand: Stand, fault: Callable[[], None]
) -> None:
    upload, begin = stand.upload(), stand.clock.now
    assert stand.run(upload, pipeline=Pipeline(fault)) == FAILED
    assert stand.bus.outcomes == []
    assert stand.run(upload, "job-2") == DONE
    assert stand.clock.now == begin
    assert len(stand.bus.outcomes) == 1


def test_a_missing_output_bucket_is_no_fault_of_the_upload(stand: Stand) -> None:
    upload = stand.upload()
    stand.s3.delete_bucket(Bucket="outbox")
    assert stand.run(upload) == FAILED
    assert stand.bus.outcomes == []


def test_the_log_says_how_far_the_job_is_every_ten_seconds() -> None:
    def tell(message: str, **fields: object) -> None:
        said.append((message, fields))

    clock = Clock()
    said: list[tuple[str, dict[str, object]]] = []
    checks: list[float] = []
    progress = ProgressLog(lambda: checks.append(clock.now), clock, tell)
    for frame in range(1, 101):
        clock.now += 0.25
        progress(Progress(frame, 400))
    assert said == [
        ("Progress", {"frames": 40, "of": 400, "fps": 4.0}),
        ("Progress", {"frames": 80, "of": 400, "fps": 4.0}),
    ]
    assert len(checks) == 100


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """That of a job's process on an embedded AWS with the buckets, the bus and the table."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)
    aws = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "scratch").mkdir()
    try:
        create_table(boto3.client("dynamodb"))
        for bucket in ("inbox", "outbox"):
            boto3.client("s3").create_bucket(Bucket=bucket)
        boto3.client("events").create_event_bus(Name="results")
        yield {
            **os.environ,
            **aws,
            "CUTOUT_OUTPUT_BUCKET": "outbox",
            "CUTOUT_RESULT_BUS": "results",
            "CUTOUT_IDEMPOTENCY_TABLE": "outcomes",
            "AWS_BATCH_JOB_ID": "job-1",
            "AWS_BATCH_JOB_ATTEMPT": "1",
            "TMPDIR": str(tmp_path / "scratch"),
        }
    finally:
        server.stop()


JOB = Path(__file__).parents[3] / "functions" / "video" / "job.py"
STALLED = Path(__file__).parent / "stalled_job.py"


def test_a_job_that_is_told_to_stop_stops_at_once_and_leaves_nothing_but_its_claim(
    environment: dict[str, str], tmp_path: Path
) -> None:
    boto3.client("s3").put_object(Bucket="inbox", Key="-a.mp4", Body=CLIP)
    command = [sys.executable, str(STALLED), "--", "inbox", "-a.mp4", "", "-"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline())["message"] for _ in range(2)]
        if told != ["Taken up", "At work"]:
            process.kill()
        assert told == ["Taken up", "At work"]
        (folder,) = (tmp_path / "scratch").iterdir()
        assert [path.name for path in folder.iterdir()] == ["output.mp4"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == TRY_AGAIN
        (line,) = map(json.loads, process.stdout)
    assert (line["message"], line["key"], line["job"]) == ("Stopped by SIGTERM.", "-a.mp4", "job-1")
    assert list((tmp_path / "scratch").iterdir()) == []
    (row,) = boto3.client("dynamodb").scan(TableName="outcomes")["Items"]
    assert (row["status"], row["owner"]) == ({"S": "CLAIMED"}, {"S": "job-1"})
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="outbox")


def test_a_job_that_is_told_to_stop_while_it_still_imports_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("print('importing', flush=True)\nimport time\ntime.sleep(60)\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, str(JOB), "--", "inbox", "a.mp4", "", "-"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == TRY_AGAIN


@pytest.mark.usefixtures("s3")
def test_every_client_of_the_job_is_patient(tmp_path: Path) -> None:
    job = video_job(SETTINGS, METRICS, Pipeline(), tmp_path)
    for client in (job.work.storage._client, job.bus._client, job.claims._client):
        retries = client.meta.config.retries
        assert (retries["mode"], retries["total_max_attempts"]) == ("standard", 11)


def test_the_script_refuses_by_name_and_ends_well(environment: dict[str, str], weights_directory: Path) -> None:
    boto3.client("s3").put_object(Bucket="inbox", Key="-a.mp4", Body=b"a letter, not a video")
    environment |= {"CUTOUT_WEIGHTS_DIR": str(weights_directory), "CUTOUT_MODEL": "u2netp"}
    command = [sys.executable, str(JOB), "--", "inbox", "-a.mp4", "", "-"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == DONE, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    *_, line = (line for line in lines if "message" in line)
    assert line["message"] == "Background Removal Failed"
    assert line["detail"]["error"]["retry_can_help"] is False
    assert line["detail"]["upload"]["key"] == "-a.mp4"


def test_the_script_tells_what_it_lacks(environment: dict[str, str]) -> None:
    del environment["CUTOUT_RESULT_BUS"]
    command = [sys.executable, str(JOB), "--", "inbox", "a.mp4", "", "-"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == FAILED
    assert "CUTOUT_RESULT_BUS" in json.loads(ran.stdout)["exception"]
