"""What a person who develops against the embedded AWS relies on: it behaves as Lambda, SQS and S3 do together."""

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.aws import EmbeddedAws

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.infra.local.conftest import Toy

TIMEOUT_SECONDS = 20


def wait_for(happened: "Callable[[], bool]") -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def dead_letters(aws: EmbeddedAws) -> list[dict[str, Any]]:
    messages = aws.client("sqs").receive_message(
        QueueUrl=aws.outputs["ImageDlqUrl"], MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["All"]
    )
    return [json.loads(message["Body"]) for message in messages.get("Messages", [])]


def queue_is_empty(aws: EmbeddedAws) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=aws.outputs["ImageQueueUrl"], AttributeNames=names)
    return all(answer["Attributes"][name] == "0" for name in names)


def test_an_upload_arrives_as_lambda_delivers_it_with_its_key_unchanged(toy: "Toy") -> None:
    key = "a b/ü+%.jpg"
    version = toy.upload(key)

    toy.aws.outcomes.wait(key, version, TIMEOUT_SECONDS)

    (record,) = toy.deliveries(key)
    event = json.loads(record["body"])
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"]["name"] == toy.aws.outputs["InputBucket"]
    assert event["detail"]["object"]["key"] == key
    assert event["detail"]["object"]["version-id"] == version
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].startswith("arn:aws:sqs:us-east-1:")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "messageAttributes", "md5OfBody", "awsRegion"} <= record.keys()


def test_the_function_finds_the_metadata_of_an_upload_from_the_first_event_on(toy: "Toy") -> None:
    for number in range(10):
        key = f"with-options-{number}.jpg"
        version = toy.upload(key, Metadata={"cutout-model": "u2netp"})
        outcome = toy.aws.outcomes.wait(key, version, TIMEOUT_SECONDS)
        assert outcome.detail["metadata"] == {"cutout-model": "u2netp"}


def test_each_version_of_an_overwritten_key_is_delivered(toy: "Toy") -> None:
    versions = [toy.upload("overwritten.jpg", body) for body in (b"first", b"second")]

    outcomes = [toy.aws.outcomes.wait("overwritten.jpg", version, TIMEOUT_SECONDS) for version in versions]

    assert versions[0] != versions[1]
    assert [outcome.detail["upload"]["version"] for outcome in outcomes] == versions
    assert {outcome.detail_type for outcome in outcomes} == {"Background Removed"}
    assert set(versions) <= {outcome.detail["upload"]["version"] for outcome in toy.aws.outcomes.all()}


def test_results_that_are_written_to_the_output_bucket_are_no_uploads(toy: "Toy") -> None:
    toy.aws.client("s3").put_object(Bucket=toy.aws.outputs["OutputBucket"], Key="result.png", Body=b"png")
    version = toy.upload("after-the-result.jpg")

    toy.aws.outcomes.wait("after-the-result.jpg", version, TIMEOUT_SECONDS)

    assert toy.deliveries("result.png") == []


def test_of_a_batch_only_what_failed_is_retried_and_ends_in_the_dead_letter_queue(toy: "Toy") -> None:
    busy = threading.Thread(target=toy.aws.invoke, args=({"sleep_seconds": 1},))
    busy.start()
    for key in ("holds-the-pump.jpg", "good.jpg", "fails.jpg"):
        toy.upload(key)
        time.sleep(0.1)
    busy.join()

    wait_for(lambda: any(letter["detail"]["object"]["key"] == "fails.jpg" for letter in dead_letters(toy.aws)))

    assert any(len(batch) > 1 for batch in toy.batches())
    assert len(toy.deliveries("good.jpg")) == 1
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in toy.deliveries("fails.jpg")]
    assert counts == ["1", "2", "3", "4", "5"]
    assert queue_is_empty(toy.aws)


def test_a_function_that_dies_gets_the_message_again_in_a_new_process(toy: "Toy") -> None:
    before = toy.aws.invoke({})["process"]
    version = toy.upload("crashes-once.jpg")

    toy.aws.outcomes.wait("crashes-once.jpg", version, TIMEOUT_SECONDS)

    assert len(toy.deliveries("crashes-once.jpg")) == 2
    assert toy.aws.invoke({})["process"] != before
    assert "Runtime.ExitError" in toy.aws.function_log.read_text()


def test_a_function_that_runs_out_of_time_gets_the_message_again_in_a_new_process(toy: "Toy") -> None:
    before = toy.aws.invoke({})["process"]
    version = toy.upload("hangs-once.jpg")

    toy.aws.outcomes.wait("hangs-once.jpg", version, TIMEOUT_SECONDS)

    assert len(toy.deliveries("hangs-once.jpg")) == 2
    assert toy.aws.invoke({})["process"] != before
    assert "Task timed out after 2.00 seconds" in toy.aws.function_log.read_text()


def test_a_direct_invocation_returns_the_answer(toy: "Toy") -> None:
    answer = toy.aws.invoke({"bucket": "b", "key": "ü.jpg"})

    assert answer["event"] == {"bucket": "b", "key": "ü.jpg"}
    assert 1000 < answer["remaining_milliseconds"] <= 2000


def test_the_function_sees_what_the_template_says_and_nothing_of_the_person(toy: "Toy") -> None:
    environment = toy.aws.invoke({})["environment"]

    assert environment["CUTOUT_OUTPUT_BUCKET"] == toy.aws.outputs["OutputBucket"]
    assert environment["CUTOUT_RESULT_BUS"] == toy.aws.outputs["ResultBus"]
    assert environment["CUTOUT_IDEMPOTENCY_TABLE"] == toy.aws.outputs["IdempotencyTable"]
    assert environment["CUTOUT_MODEL"] == "u2netp"
    assert environment["CUTOUT_LIMIT_MEGAPIXELS"] == "50"
    assert environment["AWS_ENDPOINT_URL"] == toy.aws.endpoint
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == toy.aws.outputs["ImageFunction"]
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert "PYTEST_CURRENT_TEST" not in environment


def test_the_process_that_embeds_it_keeps_its_own_environment(toy: "Toy") -> None:
    assert "AWS_ENDPOINT_URL" not in os.environ
    assert toy.aws.endpoint.startswith("http://127.0.0.1:")


@pytest.mark.usefixtures("toy")
def test_a_second_one_in_the_same_process_is_refused() -> None:
    with pytest.raises(RuntimeError, match="close it first"), EmbeddedAws():
        pass
