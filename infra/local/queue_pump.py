"""The event source mapping: takes messages from a queue, calls the function with them, settles them by its answer."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.deployment import EventSource
from infra.local.function import FunctionError
from infra.local.runtime_api import JsonValue
from infra.local.session import REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

LOGGER = logging.getLogger(__name__)

POLL_SECONDS = 1

# moto sends the event of an upload a moment before it stores the upload's metadata.
SETTLE_SECONDS = 0.05


class QueuePump:
    """Polls from `start` until `close`. One batch is under way at a time.

    `polling` is held while messages are received: moto can't give them out to two at once.
    `retry_delay_seconds` stands in for the queue's visibility timeout after a failure.
    """

    def __init__(
        self,
        source: EventSource,
        sqs: "SQSClient",
        invoke: Callable[[Mapping[str, Any]], JsonValue],
        retry_delay_seconds: int,
        polling: threading.Lock,
    ) -> None:
        self._source = source
        self._sqs = sqs
        self._invoke = invoke
        self._retry_delay_seconds = retry_delay_seconds
        self._polling = polling
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="queue-pump", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin no other poll. What is in the queue stays there."""
        self._closing.set()

    def close(self) -> None:
        """Stop, and wait for the poll that is under way."""
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._poll()
            except (ClientError, BotoCoreError) as error:
                LOGGER.warning("The queue could not be polled, which is tried again: %s", error)
                self._closing.wait(POLL_SECONDS)

    def _poll(self) -> None:
        with self._polling:
            messages = self._sqs.receive_message(
                QueueUrl=self._source.queue_url,
                MaxNumberOfMessages=self._source.batch_size,
                WaitTimeSeconds=POLL_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        if messages and not self._closing.is_set():
            time.sleep(SETTLE_SECONDS)
            self._process(messages)

    def _process(self, messages: Sequence["MessageTypeDef"]) -> None:
        try:
            result = self._invoke(lambda_event(messages, self._source.queue_arn))
        except FunctionError:
            failed = {message["MessageId"] for message in messages}
        else:
            failed = self._failed_ids(result, messages)
        for message in messages:
            if message["MessageId"] in failed:
                self._sqs.change_message_visibility(
                    QueueUrl=self._source.queue_url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=self._retry_delay_seconds,
                )
            else:
                self._sqs.delete_message(QueueUrl=self._source.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _failed_ids(self, result: JsonValue, messages: Sequence["MessageTypeDef"]) -> set[str]:
        if not self._source.reports_item_failures:
            return set()
        return failed_ids(result, {message["MessageId"] for message in messages})


def lambda_event(messages: Sequence["MessageTypeDef"], queue_arn: str) -> dict[str, Any]:
    """The event that Lambda makes of received messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {
                    name: {
                        "stringValue": attribute.get("StringValue"),
                        "stringListValues": [],
                        "binaryListValues": [],
                        "dataType": attribute["DataType"],
                    }
                    for name, attribute in message.get("MessageAttributes", {}).items()
                },
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def failed_ids(result: JsonValue, sent_ids: set[str]) -> set[str]:
    """The messages of a batch that a function's answer says have failed, by Lambda's rules.

    Nothing, null, or no failures named: all are done. An answer that can't be read, or that names a message which
    was not sent: all have failed.
    """
    if result is None:
        return set()
    if not isinstance(result, Mapping):
        return sent_ids
    failures = result.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return sent_ids
    named = [failure.get("itemIdentifier") if isinstance(failure, Mapping) else None for failure in failures]
    known = [identifier for identifier in named if isinstance(identifier, str) and identifier in sent_ids]
    return set(known) if len(known) == len(named) else sent_ids
