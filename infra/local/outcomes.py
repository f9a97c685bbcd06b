"""What became of each upload, as another service hears it: by a queue that listens to the result bus."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutout.results import SOURCE, Removed

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

SUBSCRIPTION_NAME = "embedded-outcomes"
POLL_SECONDS = 1


class OutcomeMissing(Exception):
    """No outcome came in time. The message ends with what the function and the jobs printed last."""


@dataclass(frozen=True)
class OutcomeEvent:
    """`detail_type` is `Background Removed` or `Background Removal Failed`; `detail` is the event's own."""

    detail_type: str
    detail: Mapping[str, Any]

    @property
    def is_removed(self) -> bool:
        return self.detail_type == Removed.detail_type

    def is_of(self, key: str, version: str) -> bool:
        """Whether it is about this version of this key of the input bucket."""
        upload = self.detail.get("upload") or {}
        return upload.get("key") == key and upload.get("version") == version


class Outcomes:
    """Every outcome since the embedded AWS started. `log_tail` gives the end of what was printed meanwhile."""

    def __init__(self, queue_url: str, sqs: "SQSClient", log_tail: Callable[[], str]) -> None:
        self._queue_url = queue_url
        self._sqs = sqs
        self._log_tail = log_tail
        self._lock = threading.Lock()
        self._events: list[OutcomeEvent] = []

    def wait(self, key: str, version: str, timeout_seconds: float) -> OutcomeEvent:
        """The first outcome of one upload. Raises `OutcomeMissing`."""
        deadline = time.monotonic() + timeout_seconds
        while (event := self.find(key, version)) is None:
            if time.monotonic() >= deadline:
                raise self.missing(key, version, f"within {timeout_seconds} s")
            self.listen()
        return event

    def find(self, key: str, version: str) -> OutcomeEvent | None:
        """The first outcome of one upload, if it has come."""
        with self._lock:
            return next((event for event in self._events if event.is_of(key, version)), None)

    def listen(self) -> None:
        """Take in what arrives, for up to a second."""
        with self._lock:
            self._receive(POLL_SECONDS)

    def missing(self, key: str, version: str, why: str) -> OutcomeMissing:
        """The error that says so, to be raised."""
        printed = self._log_tail()
        return OutcomeMissing(f"no outcome of {key} (version {version}) {why}. Printed last:\n{printed}")

    def all(self) -> tuple[OutcomeEvent, ...]:
        """Every outcome so far, in the order of arrival."""
        with self._lock:
            while self._receive(0):
                pass
            return tuple(self._events)

    def _receive(self, wait_seconds: int) -> int:
        """Move what has arrived into the list; how many there were."""
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
        ).get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            self._events.append(OutcomeEvent(detail_type=event["detail-type"], detail=event["detail"]))
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)


def subscribe(bus_name: str, events: "EventBridgeClient", sqs: "SQSClient", log_tail: Callable[[], str]) -> Outcomes:
    """Listen to every event of cutout on a bus, as a service would: a rule, and a queue as its target."""
    queue_url = sqs.create_queue(QueueName=SUBSCRIPTION_NAME)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name=SUBSCRIPTION_NAME, EventBusName=bus_name, EventPattern=json.dumps({"source": [SOURCE]}))
    events.put_targets(
        Rule=SUBSCRIPTION_NAME, EventBusName=bus_name, Targets=[{"Id": "outcomes", "Arn": attributes["QueueArn"]}]
    )
    return Outcomes(queue_url, sqs, log_tail)
