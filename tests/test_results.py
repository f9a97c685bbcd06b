"""If these fail, whoever waits for a result waits in vain."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cutout.errors import NoSubject, ResultBusUnavailable, StorageUnavailable
from cutout.events import Upload
from cutout.results import Decision, Failed, Removed, ResultBus, Written
from cutout.verdict import Report, Verdict

UPLOAD = Upload("in", "ü+.jpg", "v1", "e1", {"model": "u2netp"})


class Bus:
    """EventBridge, as far as it is used here."""

    def __init__(self, failed: int = 0) -> None:
        self.entries: list[dict[str, Any]] = []
        self._failed = failed

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        self.entries += Entries
        return {"FailedEntryCount": self._failed, "Entries": [{"ErrorCode": "ThrottlingException"}]}


class UnreachableBus:
    def put_events(self, **_: object) -> dict[str, Any]:
        raise EndpointConnectionError(endpoint_url="http://events")


def removed() -> Removed:
    written = Written("out", "ü+.jpg.png", "image/png", 12, 4, 3)
    return Removed(UPLOAD, {"model": "u2netp"}, (written,), Verdict(0.3, 0, 0.01, 2, 0.9), {"decode": 0.123456})


def test_a_success_says_where_its_outputs_are() -> None:
    bus = Bus()
    ResultBus(bus, "results").publish(Decision.of(removed()))  # type: ignore[arg-type]
    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == ("results", "cutout", "Background Removed")
    detail = json.loads(entry["Detail"])
    assert len(detail.pop("outcome_id")) == 32
    assert detail == {
        "upload": {"bucket": "in", "key": "ü+.jpg", "version": "v1", "etag": "e1"},
        "options": {"model": "u2netp"},
        "outputs": [
            {
                "bucket": "out",
                "key": "ü+.jpg.png",
                "content_type": "image/png",
                "size_bytes": 12,
                "width": 4,
                "height": 3,
            }
        ],
        "verdict": {"subject_share": 0.3, "border_contact": 0, "soft_edge_share": 0.01, "holes": 2, "confidence": 0.9},
        "seconds": {"decode": 0.1235},
    }


def test_a_success_with_a_video_reports_on_its_frames() -> None:
    bus = Bus()
    report = Report(90, 89, 1, 45, 3.0, 2.97, 0.01, ("One frame could not be decoded.",))
    ResultBus(bus, "results").publish(Decision.of(replace(removed(), report=report)))  # type: ignore[arg-type]
    detail = json.loads(bus.entries[0]["Detail"])
    assert detail.pop("report") == {
        "frames_in": 90,
        "frames_out": 89,
        "frames_lost": 1,
        "frames_seen": 45,
        "seconds_in": 3.0,
        "seconds_out": 2.97,
        "flicker": 0.01,
        "notes": ["One frame could not be decoded."],
    }
    del detail["outcome_id"]
    assert detail == json.loads(json.dumps(removed().detail()))


@pytest.mark.parametrize(("error", "can_help"), [(NoSubject("None."), False), (StorageUnavailable("Busy."), True)])
def test_a_failure_says_why_and_whether_to_try_again(error: NoSubject | StorageUnavailable, can_help: bool) -> None:
    bus = Bus()
    ResultBus(bus, "results").publish(Decision.of(Failed(UPLOAD, error)))  # type: ignore[arg-type]
    assert bus.entries[0]["DetailType"] == "Background Removal Failed"
    assert json.loads(bus.entries[0]["Detail"])["error"] == {
        "code": error.code,
        "message": str(error),
        "retry_can_help": can_help,
    }


def test_an_outcome_that_is_told_again_is_known_by_its_id() -> None:
    bus, decision = Bus(), Decision.of(removed())
    ResultBus(bus, "results").publish(decision)  # type: ignore[arg-type]
    ResultBus(bus, "results").publish(Decision.from_json(json.dumps(decision.as_event())))  # type: ignore[arg-type]
    assert bus.entries[0] == bus.entries[1]
    assert Decision.of(removed()).detail["outcome_id"] != decision.detail["outcome_id"]


@pytest.mark.parametrize("bus", [Bus(failed=1), UnreachableBus()])
def test_an_event_that_the_bus_did_not_take_is_not_taken_for_sent(bus: Any) -> None:
    with pytest.raises(ResultBusUnavailable):
        ResultBus(bus, "results").publish(Decision.of(removed()))
