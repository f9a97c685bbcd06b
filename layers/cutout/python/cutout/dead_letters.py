"""What lies in a dead-letter queue: which uploads, why, and how each gets another try."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutout import events
from cutout.errors import UnreadableEvent
from cutout.events import Upload

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HIDDEN_SECONDS = 120
"""For how long a letter is hidden from others while it is handled."""

ERROR_ATTRIBUTES = ("ERROR_CODE", "ERROR_MESSAGE", "ErrorCode", "ErrorMessage")
"""What EventBridge and Lambda add to what they could not deliver."""


@dataclass(frozen=True)
class DeadLetter:
    """One message. `failed_job` is AWS Batch's own description of the job that it tells of, if it does."""

    body: str
    receipt: str
    errors: tuple[str, ...]
    failed_job: Mapping[str, Any] | None

    @property
    def uploads(self) -> list[Upload]:
        """The uploads that wait for their outcome; none if nobody can tell."""
        if self.failed_job:
            asked = self.failed_job["parameters"]
            return [Upload(asked["bucket"], asked["key"], asked.get("version"), asked.get("etag"))]
        try:
            return events.parse_text(self.body)
        except UnreadableEvent:
            return []

    @property
    def reason(self) -> str:
        if self.failed_job:
            code = self.failed_job.get("container", {}).get("exitCode")
            return f"job failed: {self.failed_job.get('statusReason') or 'no reason given'}, exit status {code}"
        return ": ".join(self.errors) or "used up its tries; the log says why"


def letters(sqs: "SQSClient", queue_url: str) -> Iterator[DeadLetter]:
    """Every message of the queue, hidden from others for a while. One that comes again is not given again."""
    seen: set[str] = set()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        new = [message for message in answer.get("Messages", []) if message["MessageId"] not in seen]
        if not new:
            return
        seen.update(message["MessageId"] for message in new)
        yield from map(letter, new)


def letter(message: Mapping[str, Any]) -> DeadLetter:
    named = message.get("MessageAttributes", {})
    return DeadLetter(
        message["Body"],
        message["ReceiptHandle"],
        tuple(named[name]["StringValue"] for name in ERROR_ATTRIBUTES if "StringValue" in named.get(name, {})),
        failed_job(message["Body"]),
    )


def failed_job(body: str) -> Mapping[str, Any] | None:
    try:
        event = json.loads(body)
    except ValueError:
        return None
    match event:
        case {"source": "aws.batch", "detail": {"parameters": {"bucket": str(), "key": str()}} as detail}:
            job: Mapping[str, Any] = detail
            return job
    return None
