import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.hurry import hurried

TOY_FUNCTION = Path(__file__).parent / "toy_function"
TOY_JOB = Path(__file__).parent / "toy_job"
JOB_TIMEOUT_SECONDS = 8


@dataclass(frozen=True)
class Toy:
    """The embedded AWS with the toy function and the toy job in place of the project's.

    `record` and `job_record` are the files that they write down events and attempts in.
    """

    aws: EmbeddedAws
    record: Path
    job_record: Path

    def batches(self) -> list[list[dict[str, Any]]]:
        """The SQS records that the function received, invocation by invocation."""
        events = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [event["Records"] for event in events if "Records" in event]

    def deliveries(self, key: str) -> list[dict[str, Any]]:
        """The SQS records about one key, in the order they were received."""
        return [
            record
            for batch in self.batches()
            for record in batch
            if json.loads(record["body"])["detail"]["object"]["key"] == key
        ]

    def attempts(self, key: str) -> list[dict[str, Any]]:
        """What the attempts at jobs for one key wrote down, in their order."""
        notes = [json.loads(line) for line in self.job_record.read_text().splitlines()]
        return [note for note in notes if note["arguments"][2] == key]

    def dead_videos(self) -> list[dict[str, Any]]:
        """The events in the videos' dead-letter queue. They stay there."""
        messages = self.aws.client("sqs").receive_message(
            QueueUrl=self.aws.outputs["VideoDlqUrl"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [json.loads(message["Body"]) for message in messages.get("Messages", [])]

    def upload(self, key: str, body: bytes = b"photo", **options: Any) -> str:
        """The version of the new object."""
        answer = self.aws.client("s3").put_object(Bucket=self.aws.outputs["InputBucket"], Key=key, Body=body, **options)
        version: str = answer["VersionId"]
        return version


@pytest.fixture(scope="session")
def quick_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own template, in which a timeout of 2 s may be chosen beside those on offer, and is the jobs'."""
    return hurried(
        REPOSITORY / "template.yaml",
        tmp_path_factory.mktemp("template"),
        function_seconds=2,
        job_seconds=JOB_TIMEOUT_SECONDS,
    )


@pytest.fixture(scope="module")
def toy(quick_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    folder = tmp_path_factory.mktemp("toy")
    record, job_record = folder / "record", folder / "job-record"
    record.touch()
    job_record.touch()
    aws = EmbeddedAws(
        template=quick_template,
        parameters={"ImageTimeoutSeconds": "2", "ImageBatchSize": "10", "DefaultModel": "u2netp"},
        function_environment={"TOY_RECORD": str(record)},
        function_folder=TOY_FUNCTION,
        job_environment={"TOY_JOB_RECORD": str(job_record)},
        job_folder=TOY_JOB,
        retry_delay_seconds=0,
    )
    with aws:
        yield Toy(aws, record, job_record)
