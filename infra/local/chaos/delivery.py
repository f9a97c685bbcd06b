"""Events between S3 and the queues: each comes up to three times, and in any order."""

import threading
from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from infra.local.job_configuration import SUBMISSIONS_NAME

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HELD = "held-"
LONGEST_DELAY_SECONDS = 5
MOST_COPIES = {SUBMISSIONS_NAME: 2}
"""A job takes seconds to start."""


class Delivery:
    """Takes the place of EventBridge's targets. Delivers from `start` until `close`.

    Attributes:
        events, copies: how many came, and how many there were of them beside the first.
    """

    def __init__(self, random: Random, events: Any, sqs: "SQSClient", image_queue_url: str) -> None:
        self.events = 0
        self.copies = 0
        self._random = random
        self._sqs = sqs
        self._queues = dict(_taken_over(events, sqs, image_queue_url.rsplit("/", 1)[1]))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    @property
    def held_urls(self) -> list[str]:
        """Queues of events on their way."""
        return list(self._queues)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            for held, target in self._queues.items():
                answer = self._sqs.receive_message(QueueUrl=held, MaxNumberOfMessages=10)
                for message in answer.get("Messages", []):
                    self._deliver(message["Body"], target)
                    self._sqs.delete_message(QueueUrl=held, ReceiptHandle=message["ReceiptHandle"])
            self._closing.wait(0.2)

    def _deliver(self, event: str, target: str) -> None:
        count = self._random.randint(1, MOST_COPIES.get(target.rsplit("/", 1)[1], 3))
        self.events += 1
        self.copies += count - 1
        for _ in range(count):
            delay = self._random.randint(0, LONGEST_DELAY_SECONDS)
            self._sqs.send_message(QueueUrl=target, MessageBody=event, DelaySeconds=delay)


def _taken_over(events: Any, sqs: "SQSClient", image_queue: str) -> Mapping[str, str]:
    """Let rules send to queues of ours; the queues that they sent to, by ours."""
    found = {}
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            name = target["Arn"].rsplit(":", 1)[1]
            if name not in (image_queue, SUBMISSIONS_NAME):
                continue
            held = sqs.create_queue(QueueName=f"{HELD}{name}"[:80])["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=held, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            events.put_targets(Rule=rule["Name"], Targets=[{"Id": target["Id"], "Arn": arn}])
            found[held] = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return found
