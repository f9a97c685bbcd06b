"""If these fail, nobody is told of what goes wrong, or nobody knows what to do about it."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from cutout.errors import NoSubject
from cutout.events import Upload
from cutout.metrics import Metrics
from cutout.results import Decision, Failed, Removed
from cutout.verdict import Verdict
from infra.local.aws import REPOSITORY
from infra.local.nesting import flatten
from tests.infra.metric_math import evaluate

UPLOAD = Upload("in", "a.jpg", "v", "e")


@pytest.fixture(scope="module")
def flat() -> dict[str, Any]:
    return flatten(REPOSITORY / "template.yaml")


def alarms(flat: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: each["Properties"] for name, each in flat["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"
    }


def told() -> set[tuple[str, tuple[str, ...]]]:
    """The metrics that the code tells of, with the names of their dimensions."""
    lines = io.StringIO()
    for medium in ("photo", "video"):
        metrics = Metrics("cutout", medium, lines.write)
        metrics.count(UPLOAD, Decision.of(Removed(UPLOAD, {}, (), Verdict(0, 0, 0, 0, 0), {"saliency": 1.0})))
        metrics.count(UPLOAD, Decision.of(Failed(UPLOAD, NoSubject("It shows nothing."))))
        metrics.interrupted(UPLOAD, MemoryError())
        metrics.host_seconds(UPLOAD, 60)
    return {
        (metric["Name"], tuple(dimensions))
        for line in lines.getvalue().splitlines()
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        for dimensions in directive["Dimensions"]
    }


def test_each_alarm_has_its_page_in_the_runbook_and_each_page_its_alarm(flat: dict[str, Any]) -> None:
    named = [re.split("Runbook: ", alarm["AlarmDescription"])[1].strip() for alarm in alarms(flat).values()]
    (runbook,) = re.findall(r"^## Runbook$(.*?)^## ", (REPOSITORY / "README.md").read_text(), re.MULTILINE | re.DOTALL)

    assert sorted(named) == sorted(re.findall(r"^### (.*)$", runbook, re.MULTILINE))


def test_each_alarm_tells_somebody(flat: dict[str, Any]) -> None:
    assert len(alarms(flat)) == 9
    for name, alarm in alarms(flat).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name


def test_alarms_watch_what_the_code_tells_of(flat: dict[str, Any]) -> None:
    """A name that is spelt otherwise would be an alarm that never sounds."""
    watched = {
        (stat["Metric"]["MetricName"], tuple(each["Name"] for each in stat["Metric"]["Dimensions"]))
        for alarm in alarms(flat).values()
        for stat in (each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each)
        if stat["Metric"]["Namespace"] == "Cutout"
    }
    assert len(watched) == 4
    assert watched <= told()


def test_the_dashboard_shows_what_the_code_tells_of(flat: dict[str, Any]) -> None:
    board = flat["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    widgets = json.loads(board)["widgets"]
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
    shown = {(each[1], tuple(each[2:-1:2])) for each in metrics if each[0] == "Cutout"}
    searched = {tuple(found.split(",")) for found in re.findall(r"\{Cutout,([a-z,]+)\}", board)}

    assert shown <= told()
    assert {name for name, _ in shown} == {"Removed", "Failed", "Interrupted", "HostSeconds"}
    assert searched == {("stack", "medium"), ("stack", "medium", "code")} <= {names for _, names in told()}


@pytest.mark.parametrize(
    ("removed", "failed", "interrupted", "percent"), [(6, 2, 2, 40), (4, 6, 0, 60), (0, 5, 4, 0), (0, 0, 10, 100)]
)
def test_the_share_of_failures_counts_from_ten_attempts_on(
    flat: dict[str, Any], removed: float, failed: float, interrupted: float, percent: float
) -> None:
    values = {"removed": removed, "failed": failed, "interrupted": interrupted}

    assert evaluate(alarms(flat)["FailuresAlarm"], {}, values) == percent


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "dollars"),
    [(3_600_000.0, None, 0.24), (None, 7200.0, 2.44), (3_600_000.0, 3600.0, 1.46)],
)
def test_a_day_is_reckoned_by_the_time_that_it_took(
    flat: dict[str, Any], milliseconds: float | None, seconds: float | None, dollars: float
) -> None:
    prices = {name: parameter["Default"] for name, parameter in flat["Parameters"].items() if "Default" in parameter}
    values = {"milliseconds": milliseconds, "hosts": seconds}

    assert evaluate(alarms(flat)["CostAlarm"], prices, values) == pytest.approx(dollars, abs=0.001)


def test_the_log_level_hides_no_outcome_and_no_metric(flat: dict[str, Any]) -> None:
    """Lambda takes a line that names no level for one of INFO, and such are the lines of metrics."""
    assert flat["Parameters"]["LogLevel"]["AllowedValues"] == ["DEBUG", "INFO"]
