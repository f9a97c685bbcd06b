"""What a person who closes the embedded AWS relies on: nothing of it is left, and the next one starts empty."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.aws import EmbeddedAws
from infra.local.deployment import DeploymentError
from infra.local.function import FunctionError

CLOSING_SECONDS = 2


@pytest.fixture
def embed(quick_template: Path, tmp_path: Path) -> Callable[[], EmbeddedAws]:
    record = tmp_path / "record"
    record.touch()
    return lambda: EmbeddedAws(
        template=quick_template,
        parameters={"ImageTimeoutSeconds": "60"},
        function_environment={"TOY_RECORD": str(record)},
        function_folder=Path(__file__).parent / "toy_function",
        job_environment={"TOY_JOB_RECORD": str(tmp_path / "job-record")},
        job_folder=Path(__file__).parent / "toy_job",
    )


def close(aws: EmbeddedAws) -> float:
    """How many seconds it took."""
    start = time.monotonic()
    aws.__exit__(None, None, None)
    return time.monotonic() - start


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_closing_leaves_no_process_no_thread_and_no_file(embed: Callable[[], EmbeddedAws]) -> None:
    threads = set(threading.enumerate())
    with embed() as aws:
        process = aws.invoke({})["process"]
        assert is_alive(process)
        seconds = close(aws)

    assert seconds < CLOSING_SECONDS
    assert not is_alive(process)
    assert set(threading.enumerate()) <= threads
    assert not aws.function_log.exists()


def test_closing_does_not_wait_for_an_invocation_that_is_under_way(embed: Callable[[], EmbeddedAws]) -> None:
    errors = []

    def invoke(aws: EmbeddedAws) -> None:
        try:
            aws.invoke({"sleep_seconds": 50})
        except FunctionError as error:
            errors.append(error.error_type)

    with embed() as aws:
        aws.invoke({})
        busy = threading.Thread(target=invoke, args=(aws,))
        busy.start()
        time.sleep(0.3)
        seconds = close(aws)
        busy.join()

    assert seconds < CLOSING_SECONDS
    assert errors == ["Runtime.ExitError"]


def test_closing_takes_a_job_that_is_at_work_with_it(embed: Callable[[], EmbeddedAws], tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    record = tmp_path / "job-record"
    with embed() as aws:
        aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key="hangs.mp4", Body=b"video")
        deadline = time.monotonic() + 20
        while not record.exists() or not record.read_text().endswith("\n"):
            assert time.monotonic() < deadline, "the job did not start"
            time.sleep(0.05)
        note = json.loads(record.read_text())
        assert is_alive(note["process"])
        seconds = close(aws)

    assert seconds < CLOSING_SECONDS
    assert not is_alive(note["process"])
    assert not Path(note["scratch"]).exists()
    assert set(threading.enumerate()) <= threads
    assert len(record.read_text().splitlines()) == 1


def test_with_videos_off_it_opens_without_jobs_and_leaves_videos_to_the_function(
    quick_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "record").touch()
    with EmbeddedAws(
        template=quick_template,
        parameters={"VideoImageUri": ""},
        function_environment={"TOY_RECORD": str(tmp_path / "record")},
        function_folder=Path(__file__).parent / "toy_function",
    ) as aws:
        answer = aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key="clip.mp4", Body=b"video")
        aws.outcomes.wait("clip.mp4", answer["VersionId"], 20)
        assert not [name for name in aws.outputs if name.startswith("Video")]
        assert aws.jobs.statuses("clip.mp4", answer["VersionId"]) == ()


def test_the_next_one_starts_without_the_uploads_of_the_last(embed: Callable[[], EmbeddedAws]) -> None:
    with embed() as first:
        bucket = first.outputs["InputBucket"]
        first.client("s3").put_object(Bucket=bucket, Key="a.jpg", Body=b"photo")
    with embed() as second:
        names = [found["Name"] for found in second.client("s3").list_buckets()["Buckets"]]
        assert second.outputs["InputBucket"] in names
        assert bucket not in names


def test_it_opens_whatever_the_person_has_set_up_for_the_real_aws(
    embed: Callable[[], EmbeddedAws], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with embed() as aws:
        aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key="a.jpg", Body=b"photo")
        assert aws.invoke({})["environment"]["AWS_ENDPOINT_URL"] == aws.endpoint


def test_one_that_could_not_be_opened_leaves_room_for_the_next(
    quick_template: Path, embed: Callable[[], EmbeddedAws]
) -> None:
    with pytest.raises(DeploymentError, match="no parameter ImageTimeout"):
        EmbeddedAws(template=quick_template, parameters={"ImageTimeout": "2"}).__enter__()
    with embed() as aws:
        assert aws.outputs
