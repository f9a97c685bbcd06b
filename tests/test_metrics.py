"""If these fail, the dashboard and the alarms see nothing, or what did not happen."""

import json
from time import sleep
from typing import Any

from cutout.errors import StorageUnavailable, TooLong
from cutout.events import Upload
from cutout.metrics import HostMeter, Metrics, stage_metric
from cutout.results import Decision, Failed, Removed
from cutout.verdict import Verdict

UPLOAD = Upload("inbox", "a.jpg", "v1", "e1")
VERDICT = Verdict(0.3, 0, 0.01, 2, 0.9)


class Lines:
    """What was written, read as CloudWatch reads it."""

    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []

    def __call__(self, line: str) -> None:
        assert line.endswith("\n")
        assert line.count("\n") == 1
        self._lines.append(json.loads(line))

    def counted(self, *dimensions: str) -> dict[str, list[tuple[str, float, str]]]:
        """Of each metric that has these dimensions: their values, its own value and its unit, line by line."""
        found: dict[str, list[tuple[str, float, str]]] = {}
        for line in self._lines:
            for directive in line["_aws"]["CloudWatchMetrics"]:
                assert directive["Namespace"] == "Cutout"
                if list(dimensions) in directive["Dimensions"]:
                    values = "/".join(line[name] for name in dimensions)
                    for metric in directive["Metrics"]:
                        row = values, line[metric["Name"]], metric["Unit"]
                        found.setdefault(metric["Name"], []).append(row)
        return found

    def __iter__(self) -> Any:
        return iter(self._lines)


def test_an_outcome_is_counted_with_the_seconds_of_its_stages() -> None:
    lines = Lines()
    seconds = {"fetch": 0.25, "encode mp4": 2.0}
    Metrics("shop", "video", lines, lambda: 1_800_000_000.5).count(
        UPLOAD, Decision.of(Removed(UPLOAD, {}, (), VERDICT, seconds))
    )
    assert lines.counted("stack", "medium") == {
        "Removed": [("shop/video", 1, "Count")],
        "Failed": [("shop/video", 0, "Count")],
        "Interrupted": [("shop/video", 0, "Count")],
        "FetchSeconds": [("shop/video", 0.25, "Seconds")],
        "EncodeMp4Seconds": [("shop/video", 2.0, "Seconds")],
    }
    assert lines.counted("stack")["Removed"] == [("shop", 1, "Count")]
    assert lines.counted("stack", "medium", "code") == {}
    (line,) = lines
    assert line["_aws"]["Timestamp"] == 1_800_000_000_500
    assert (line["bucket"], line["key"], line["version"]) == ("inbox", "a.jpg", "v1")


def test_a_failure_is_counted_under_its_code_too() -> None:
    lines = Lines()
    Metrics("shop", "photo", lines).count(UPLOAD, Decision.of(Failed(UPLOAD, TooLong("It is too long."))))
    assert lines.counted("stack", "medium") == {
        "Removed": [("shop/photo", 0, "Count")],
        "Failed": [("shop/photo", 1, "Count")],
        "Interrupted": [("shop/photo", 0, "Count")],
    }
    assert lines.counted("stack", "medium", "code") == {"Failed": [("shop/photo/too_long", 1, "Count")]}


def test_an_attempt_without_an_outcome_is_counted_under_what_stopped_it() -> None:
    lines = Lines()
    metrics = Metrics("shop", "photo", lines)
    metrics.interrupted(UPLOAD, StorageUnavailable("Away."))
    metrics.interrupted(UPLOAD, MemoryError())
    assert lines.counted("stack", "medium", "code") == {
        "Interrupted": [("shop/photo/storage_unavailable", 1, "Count"), ("shop/photo/MemoryError", 1, "Count")]
    }


def test_a_host_is_counted_while_it_works_and_to_the_end() -> None:
    """What is killed has been counted up to its last minute, or the budget would not see it."""
    lines, now = Lines(), [100.0]
    with HostMeter(Metrics("shop", "video", lines), UPLOAD, 0.01, lambda: now[0]):
        now[0] += 60
        while not any(line["HostSeconds"] for line in lines):
            sleep(0.01)
        now[0] += 30
    told = [seconds for _, seconds, _ in lines.counted("stack", "medium")["HostSeconds"]]
    assert sum(told) == 90
    assert told[0] <= 60


def test_every_stage_has_a_name_for_its_metric() -> None:
    assert [stage_metric(stage) for stage in ("decode", "encode mp4")] == ["DecodeSeconds", "EncodeMp4Seconds"]
