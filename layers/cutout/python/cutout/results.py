"""What became of an upload, and telling the world: the two events on the result bus."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from cutout.errors import CutoutError, ResultBusUnavailable
from cutout.events import Upload
from cutout.verdict import Report, Verdict

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "cutout"


@dataclass(frozen=True)
class Written:
    """One object in the output bucket."""

    bucket: str
    key: str
    content_type: str
    size_bytes: int
    width: int
    height: int


@dataclass(frozen=True)
class Removed:
    """The background was removed. `seconds` are by stage, in the order of the stages. Videos have a `report`."""

    detail_type: ClassVar[str] = "Background Removed"

    upload: Upload
    options: Mapping[str, str]
    outputs: tuple[Written, ...]
    verdict: Verdict
    seconds: Mapping[str, float]
    report: Report | None = None

    def detail(self) -> dict[str, Any]:
        report = {"report": asdict(self.report)} if self.report else {}
        return {
            "upload": identity(self.upload),
            "options": dict(self.options),
            "outputs": [asdict(written) for written in self.outputs],
            "verdict": asdict(self.verdict),
            "seconds": {stage: round(seconds, 4) for stage, seconds in self.seconds.items()},
            **report,
        }


@dataclass(frozen=True)
class Failed:
    """The background was not removed, and `error` says why."""

    detail_type: ClassVar[str] = "Background Removal Failed"

    upload: Upload
    error: CutoutError

    def detail(self) -> dict[str, Any]:
        return {
            "upload": identity(self.upload),
            "error": {
                "code": self.error.code,
                "message": str(self.error),
                "retry_can_help": self.error.retry_can_help,
            },
        }


Outcome = Removed | Failed


def identity(upload: Upload) -> dict[str, str | None]:
    return {"bucket": upload.bucket, "key": upload.key, "version": upload.version, "etag": upload.etag}


@dataclass(frozen=True)
class Decision:
    """An outcome that is decided for good, as it is told, however often that takes.

    `detail` is what JSON holds. Its `outcome_id` is new with each decision, and the same whenever one is told again.
    """

    detail_type: str
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls.from_json(
            json.dumps(
                {"detail-type": outcome.detail_type, "detail": {"outcome_id": uuid4().hex, **outcome.detail()}},
            )
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        event = json.loads(text)
        return cls(event["detail-type"], event["detail"])

    def as_event(self) -> dict[str, Any]:
        """As it is kept, and as a direct caller gets it."""
        return {"detail-type": self.detail_type, "detail": dict(self.detail)}


class ResultBus:
    """The EventBridge bus `name`, where whoever waits for a result listens."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, decision: Decision) -> None:
        """Put `decision` on the bus.

        Raises:
            ResultBusUnavailable: the bus didn't take it.
        """
        entry = {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": decision.detail_type,
            "Detail": json.dumps(decision.detail),
        }
        try:
            answer = self._client.put_events(Entries=[entry])  # type: ignore[list-item]
        except (ClientError, BotoCoreError) as error:
            raise ResultBusUnavailable(f"The result bus {self._name} could not be reached: {error}") from error
        if answer["FailedEntryCount"]:
            raise ResultBusUnavailable(f"The result bus {self._name} refused an event: {answer['Entries']}")
