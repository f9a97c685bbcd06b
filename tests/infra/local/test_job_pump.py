"""What a person who develops the video job relies on: it is started, retried and given up as AWS Batch would."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.job_pump import as_s3_sends
from infra.local.jobs import JobStatus

if TYPE_CHECKING:
    from tests.infra.local.conftest import Toy

TIMEOUT_SECONDS = 30


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def settled(toy: "Toy", key: str, version: str) -> list[JobStatus]:
    """How the jobs for one upload ended, once none is at work."""
    wait_for(lambda: toy.aws.jobs.statuses(key, version) != () and not toy.aws.jobs.at_work)
    return list(toy.aws.jobs.statuses(key, version))


@pytest.mark.parametrize(
    "key", ["-v.mp4", "a b/c d.MP4", "ü 照片.MoV", "a+b 100% %2B.webm", "q\"u\\o'te<key>.mkv", "Ref::key.ts"]
)
def test_an_upload_reaches_the_command_with_its_key_unchanged(toy: "Toy", key: str) -> None:
    version = toy.upload(key)

    outcome = toy.aws.outcomes.wait(key, version, TIMEOUT_SECONDS)

    (attempt,) = toy.attempts(key)
    assert attempt["arguments"] == [
        "--",
        toy.aws.outputs["InputBucket"],
        key,
        version,
        outcome.detail["upload"]["etag"],
    ]
    assert len(outcome.detail["upload"]["etag"]) == 32


@pytest.mark.parametrize("key", ["photo.jpg", "clip.mp4.png", "mp4", "clip.mp4/"])
def test_what_is_not_named_like_a_video_starts_no_job(toy: "Toy", key: str) -> None:
    toy.upload(key)
    version = toy.upload("after-it.mp4")
    toy.aws.outcomes.wait("after-it.mp4", version, TIMEOUT_SECONDS)

    assert toy.attempts(key) == []


def test_each_version_has_a_job_of_its_own(toy: "Toy") -> None:
    versions = [toy.upload("again.mp4", body) for body in (b"first", b"second")]
    for version in versions:
        toy.aws.outcomes.wait("again.mp4", version, TIMEOUT_SECONDS)

    assert [attempt["arguments"][3] for attempt in toy.attempts("again.mp4")] == versions
    assert len({attempt["environment"]["AWS_BATCH_JOB_ID"] for attempt in toy.attempts("again.mp4")}) == 2


def test_an_event_that_comes_twice_is_two_jobs(toy: "Toy") -> None:
    """moto announces a multipart upload twice, as S3 may announce anything twice."""
    s3, bucket = toy.aws.client("s3"), toy.aws.outputs["InputBucket"]
    upload = {"Bucket": bucket, "Key": "parts.mp4"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"video")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    version = s3.complete_multipart_upload(**upload, MultipartUpload=parts)["VersionId"]

    wait_for(lambda: toy.aws.jobs.statuses("parts.mp4", version) == (JobStatus.SUCCEEDED, JobStatus.SUCCEEDED))

    first, second = toy.attempts("parts.mp4")
    assert first["arguments"] == second["arguments"]
    assert first["environment"]["AWS_BATCH_JOB_ID"] != second["environment"]["AWS_BATCH_JOB_ID"]


def test_status_75_is_tried_again_as_the_next_attempt_at_the_same_job(toy: "Toy") -> None:
    version = toy.upload("transient-once.mp4")

    toy.aws.outcomes.wait("transient-once.mp4", version, TIMEOUT_SECONDS)

    first, second = (attempt["environment"] for attempt in toy.attempts("transient-once.mp4"))
    assert first["AWS_BATCH_JOB_ID"] == second["AWS_BATCH_JOB_ID"]
    assert (first["AWS_BATCH_JOB_ATTEMPT"], second["AWS_BATCH_JOB_ATTEMPT"]) == ("1", "2")
    assert settled(toy, "transient-once.mp4", version) == [JobStatus.SUCCEEDED]


@pytest.mark.parametrize(("key", "attempts", "status"), [("fails.mp4", 1, 3), ("fails-transient.mp4", 5, 75)])
def test_what_fails_for_good_lies_in_the_dead_letter_queue_with_all_that_a_redrive_needs(
    toy: "Toy", key: str, attempts: int, status: int
) -> None:
    version = toy.upload(key)
    assert settled(toy, key, version) == [JobStatus.FAILED]

    def letters() -> list[dict[str, Any]]:
        return [each for each in toy.dead_videos() if each["detail"].get("parameters", {}).get("key") == key]

    wait_for(lambda: letters() != [])
    (letter,) = letters()
    assert (letter["source"], letter["detail-type"]) == ("aws.batch", "Batch Job State Change")
    assert letter["detail"]["jobQueue"] == toy.aws.outputs["VideoJobQueue"]
    assert letter["detail"]["parameters"] == {
        "bucket": toy.aws.outputs["InputBucket"],
        "key": key,
        "version": version,
        "etag": toy.attempts(key)[0]["arguments"][4],
    }
    assert letter["detail"]["container"]["exitCode"] == status
    assert len(toy.attempts(key)) == attempts


def test_a_job_that_runs_out_of_time_is_not_tried_again(toy: "Toy") -> None:
    version = toy.upload("hangs.mp4")

    assert settled(toy, "hangs.mp4", version) == [JobStatus.FAILED]

    (attempt,) = toy.attempts("hangs.mp4")
    assert not Path(f"/proc/{attempt['process']}").exists()
    wait_for(lambda: "Job attempt duration exceeded timeout" in json.dumps(toy.dead_videos()))


def test_each_attempt_starts_with_empty_scratch_space_that_goes_with_it(toy: "Toy") -> None:
    version = toy.upload("transient-once-more.mp4")
    toy.aws.outcomes.wait("transient-once-more.mp4", version, TIMEOUT_SECONDS)
    settled(toy, "transient-once-more.mp4", version)

    first, second = toy.attempts("transient-once-more.mp4")
    assert first["found_in_scratch"] == second["found_in_scratch"] == []
    assert not Path(first["scratch"]).exists()
    assert not Path(second["scratch"]).exists()


def test_the_job_sees_what_its_definition_says_and_nothing_of_the_person(toy: "Toy") -> None:
    version = toy.upload("looks-around.mp4")
    toy.aws.outcomes.wait("looks-around.mp4", version, TIMEOUT_SECONDS)

    (attempt,) = toy.attempts("looks-around.mp4")
    environment = attempt["environment"]
    assert environment["CUTOUT_OUTPUT_BUCKET"] == toy.aws.outputs["OutputBucket"]
    assert environment["CUTOUT_RESULT_BUS"] == toy.aws.outputs["ResultBus"]
    assert environment["CUTOUT_IDEMPOTENCY_TABLE"] == toy.aws.outputs["IdempotencyTable"]
    assert environment["CUTOUT_MODEL"] == "u2netp"
    assert environment["CUTOUT_LIMIT_MINUTES"] == "60"
    assert environment["AWS_ENDPOINT_URL"] == toy.aws.endpoint
    assert environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert "PYTEST_CURRENT_TEST" not in environment
    assert "at work on looks-around.mp4" in toy.aws.job_log.read_text()


def test_an_event_that_no_job_can_be_made_of_is_kept(toy: "Toy") -> None:
    """As it would be of an upload to a bucket without versions."""
    sqs = toy.aws.client("sqs")
    event = {"detail": {"bucket": {"name": "b"}, "object": {"key": "unversioned.mp4"}}}
    url = sqs.get_queue_url(QueueName="embedded-submissions")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))

    wait_for(lambda: event in toy.dead_videos())


def test_a_job_that_cannot_be_started_has_failed_and_the_next_one_runs(toy: "Toy") -> None:
    """No argument of a process holds a null character, which a key may."""
    sqs = toy.aws.client("sqs")
    entry = {"key": "a\0b.mp4", "version-id": "1", "etag": "e"}
    url = sqs.get_queue_url(QueueName="embedded-submissions")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"detail": {"bucket": {"name": "b"}, "object": entry}}))
    version = toy.upload("after-the-null.mp4")

    toy.aws.outcomes.wait("after-the-null.mp4", version, TIMEOUT_SECONDS)

    assert settled(toy, "a\0b.mp4", "1") == [JobStatus.FAILED]
    wait_for(lambda: "CannotStartContainerError" in json.dumps(toy.dead_videos()))


def test_the_event_of_moto_is_spelled_as_s3_spells_it() -> None:
    sent = as_s3_sends({"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "k", "eTag": "e"}}})

    assert sent == {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "k", "etag": "e"}}}


def test_a_job_that_a_person_submits_is_run(toy: "Toy") -> None:
    """It is how `cutout redrive` starts a video again."""
    parameters = {"bucket": toy.aws.outputs["InputBucket"], "key": "by-hand.mp4", "version": "v1", "etag": "e1"}
    toy.aws.client("batch").submit_job(
        jobName="again",
        jobQueue=toy.aws.outputs["VideoJobQueue"],
        jobDefinition=toy.aws.outputs["VideoJobDefinition"],
        parameters=parameters,
    )
    toy.aws.outcomes.wait("by-hand.mp4", "v1", TIMEOUT_SECONDS)
    (attempt,) = toy.attempts("by-hand.mp4")
    assert attempt["arguments"][1:] == list(parameters.values())


def test_a_job_whose_host_is_reclaimed_is_tried_again(toy: "Toy") -> None:
    assert toy.aws.job_pump is not None
    version = toy.upload("tells-progress-reclaimed.mp4")
    wait_for(lambda: len(toy.attempts("tells-progress-reclaimed.mp4")) == 1)
    assert toy.aws.job_pump.reclaim_host()
    assert settled(toy, "tells-progress-reclaimed.mp4", version) == [JobStatus.SUCCEEDED]
    assert len(toy.attempts("tells-progress-reclaimed.mp4")) == 2
    assert not toy.aws.job_pump.reclaim_host()
