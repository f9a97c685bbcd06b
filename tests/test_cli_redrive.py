"""If these fail, what was mended stays lost, or a dead letter is deleted before it is sent on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from cutout.cli import main

VIDEO = {"bucket": "inbox", "key": "-clip ü.mp4", "version": "v2", "etag": "e2"}


def announced(key: str) -> str:
    entry = {"key": key, "version-id": "v1", "etag": "e1", "size": 1}
    return json.dumps({"detail-type": "Object Created", "detail": {"bucket": {"name": "inbox"}, "object": entry}})


def failed(**parameters: str) -> str:
    detail = {
        "parameters": parameters,
        "statusReason": "Essential container in task exited",
        "container": {"exitCode": 1},
    }
    return json.dumps({"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail})


@dataclass
class Stand:
    """The queues of a stack, and Batch as far as it is used."""

    sqs: Any
    urls: dict[str, str]
    jobs: list[dict[str, Any]]

    def put(self, queue: str, body: str, **attributes: str) -> None:
        named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=self.urls[queue], MessageBody=body, MessageAttributes=named)

    def bodies(self, queue: str) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(message["Body"] for message in answer.get("Messages", []))

    def redrive(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["redrive", *(arguments or ("--stack", "mine"))])


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        sqs = boto3.client("sqs")
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("photos", "dead", "dead-videos")}
        arn = sqs.get_queue_attributes(QueueUrl=urls["dead"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        sqs.set_queue_attributes(QueueUrl=urls["photos"], Attributes={"RedrivePolicy": policy})
        outputs = {
            "ImageQueueUrl": urls["photos"],
            "ImageDlqUrl": urls["dead"],
            "VideoDlqUrl": urls["dead-videos"],
            "VideoJobQueue": "the-queue",
            "VideoJobDefinition": "the-definition:2",
        }
        create_stack("mine", outputs)
        stand = Stand(sqs, urls, [])
        clients = boto3.client

        class Batch:
            def submit_job(self, **arguments: Any) -> None:
                stand.jobs.append(arguments)

        monkeypatch.setattr(boto3, "client", lambda name: Batch() if name == "batch" else clients(name))
        yield stand


def create_stack(name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_photos_go_back_to_their_queue_and_videos_become_jobs(stand: Stand) -> None:
    stand.put("dead", announced("a+b 100% ü.jpg"))
    stand.put("dead-videos", failed(**VIDEO))
    stand.put("dead-videos", announced("late.mp4"))
    result = stand.redrive()
    assert result.exit_code == 0, result.output
    assert stand.bodies("photos") == [announced("a+b 100% ü.jpg")]
    assert sorted(job["parameters"]["key"] for job in stand.jobs) == ["-clip ü.mp4", "late.mp4"]
    (job,) = (job for job in stand.jobs if job["parameters"] == VIDEO)
    assert (job["jobQueue"], job["jobDefinition"]) == ("the-queue", "the-definition:2")
    assert stand.bodies("dead") == stand.bodies("dead-videos") == []
    assert result.output.endswith("3 redriven, 0 left.\n")


def test_a_dry_run_says_what_lies_there_and_why_and_leaves_it(stand: Stand) -> None:
    stand.put("dead", announced("a.jpg"))
    stand.put("dead", announced("b.jpg"), ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="Not allowed.")
    stand.put("dead-videos", failed(**VIDEO))
    result = stand.redrive("--stack", "mine", "--dry-run")
    assert "inbox/a.jpg, version v1: used up its tries" in result.output
    assert "inbox/b.jpg, version v1: NO_PERMISSIONS: Not allowed." in result.output
    assert (
        "inbox/-clip ü.mp4, version v2: job failed: Essential container in task exited, exit status 1" in result.output
    )
    assert result.output.endswith("0 redriven, 3 left.\n")
    assert len(stand.bodies("dead")) == 2
    assert len(stand.bodies("dead-videos")) == 1
    assert stand.bodies("photos") == stand.jobs == []


def test_a_queue_alone_knows_where_its_letters_came_from(stand: Stand) -> None:
    for number in range(25):
        stand.put("dead", announced(f"{number}.jpg"))
    result = stand.redrive("--queue", stand.urls["dead"])
    assert result.output.endswith("25 redriven, 0 left.\n")
    assert stand.bodies("dead") == []


@pytest.mark.parametrize("body", ["not json", "{}", '{"source": "aws.batch", "detail": {}}', '{"Records": []}'])
def test_what_announces_no_upload_is_left_for_a_person(stand: Stand, body: str) -> None:
    """It would come back for ever."""
    stand.put("dead", body)
    result = stand.redrive()
    assert f"left: {len(body)} characters that announce no upload" in result.output
    assert stand.bodies("dead") == [body]
    assert stand.bodies("photos") == []


def test_a_letter_that_cannot_be_sent_on_is_kept(stand: Stand) -> None:
    stand.put("dead", announced("a.jpg"))
    create_stack("broken", {"ImageDlqUrl": stand.urls["dead"], "ImageQueueUrl": stand.urls["dead"] + "-gone"})
    result = stand.redrive("--stack", "broken")
    assert result.exit_code == 1
    counts = stand.sqs.get_queue_attributes(
        QueueUrl=stand.urls["dead"], AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_it_says_what_it_wants_and_what_it_does_not_find(stand: Stand) -> None:
    create_stack("another", {"Bucket": "b"})
    for arguments, said in [
        (("--stack", "no-such-stack"), "AWS:"),
        (("--stack", "another"), "it has no output ImageDlqUrl"),
        (("--queue", stand.urls["dead-videos"]), "Name the stack with --stack"),
        (("--dry-run",), "Name either"),
    ]:
        result = stand.redrive(*arguments)
        assert result.exit_code, arguments
        assert said in result.output
