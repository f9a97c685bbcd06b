"""What a handler may answer to a batch. If this is wrong, photos get lost or are processed for ever."""

from typing import TYPE_CHECKING, Any

import pytest

from infra.local.queue_pump import failed_ids, lambda_event

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SENT = {"a", "b"}


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"something": "else"}]
)
def test_an_answer_without_failures_settles_the_whole_batch(answer: object) -> None:
    assert failed_ids(answer, SENT) == set()


@pytest.mark.parametrize("named", [["a"], ["a", "a"], ["a", "b"]])
def test_only_the_named_messages_come_back(named: list[str]) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in named]}

    assert failed_ids(answer, SENT) == set(named)


@pytest.mark.parametrize(
    "failures",
    [
        "a",
        ["a"],
        [{"itemIdentifier": None}],
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": ["a"]}],
        [{"messageId": "a"}],
        [{"itemIdentifier": "a"}, {"itemIdentifier": "unknown"}],
    ],
)
def test_an_answer_that_cannot_be_read_brings_the_whole_batch_back(failures: object) -> None:
    assert failed_ids({"batchItemFailures": failures}, SENT) == SENT


def test_an_answer_that_is_no_object_brings_the_whole_batch_back() -> None:
    assert failed_ids("done", SENT) == SENT


def test_a_message_becomes_the_record_that_lambda_makes_of_it() -> None:
    message: MessageTypeDef = {
        "MessageId": "1",
        "ReceiptHandle": "handle",
        "Body": "{}",
        "MD5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {"colour": {"StringValue": "red", "DataType": "String"}},
    }
    expected: dict[str, Any] = {
        "messageId": "1",
        "receiptHandle": "handle",
        "body": "{}",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            "colour": {"stringValue": "red", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:q",
        "awsRegion": "us-east-1",
    }

    assert lambda_event([message], "arn:aws:sqs:us-east-1:123456789012:q") == {"Records": [expected]}
