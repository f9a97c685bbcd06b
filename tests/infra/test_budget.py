"""If these fail, load or videos cost more than was allowed, or videos that wait for a new day are lost.

Photos: how many at once, how long each, and how long a message stays hidden. Videos: a budget that stops hosts. What
AWS does by itself isn't shown here: that the alarm changes its state, and that waiting jobs keep their place.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from infra.local.aws import REPOSITORY
from infra.local.nesting import flatten
from tests.infra.metric_math import evaluate

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

README = (REPOSITORY / "README.md").read_text()
DAY_SECONDS = 86400
HOSTS = ("VideoSpotHosts", "VideoOnDemandHosts")


@pytest.fixture(scope="module")
def flat() -> dict[str, Any]:
    return flatten(REPOSITORY / "template.yaml")


def properties(flat: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = flat["Resources"][name]["Properties"]
    return found


def default(flat: Mapping[str, Any], parameter: str) -> float:
    return float(flat["Parameters"][parameter]["Default"])


# ---------------------------------------------------------------- photos


def test_a_reservation_is_as_large_as_what_the_queue_starts_at_once(flat: dict[str, Any]) -> None:
    """Less, and messages would come back unread and use up their retries; more, and the account lacks the rest."""
    function = properties(flat, "ImageFunction")
    scaling = function["Events"]["Uploads"]["Properties"]["ScalingConfig"]
    reserved = {"Fn::If": ["ReservesConcurrency", {"Ref": "ImageMaxConcurrency"}, {"Ref": "AWS::NoValue"}]}

    assert scaling == {"MaximumConcurrency": {"Ref": "ImageMaxConcurrency"}}
    assert function["ReservedConcurrentExecutions"] == reserved
    assert flat["Parameters"]["ImageReservesConcurrency"]["Default"] == "false"


def test_a_message_stays_hidden_until_its_photo_must_be_done(flat: dict[str, Any]) -> None:
    for timeout, times in flat["Mappings"]["QueueTimes"].items():
        assert times["VisibilitySeconds"] >= 6 * int(timeout)
        retries = properties(flat, "ImageQueue")["RedrivePolicy"]["maxReceiveCount"]
        assert retries * times["VisibilitySeconds"] < properties(flat, "ImageQueue")["MessageRetentionPeriod"]


def test_a_burst_is_worked_off_before_the_queue_forgets_any_of_it(flat: dict[str, Any]) -> None:
    """However slow each photo is. What comes in faster than that has to be spread by its sender."""
    kept_seconds = properties(flat, "ImageQueue")["MessageRetentionPeriod"]
    photos = default(flat, "ImageMaxConcurrency") * kept_seconds / default(flat, "ImageTimeoutSeconds")

    assert f"{photos:,.0f} photos" in README


def test_photos_of_a_day_cost_at_most_what_the_documentation_says(flat: dict[str, Any]) -> None:
    gigabytes, price = default(flat, "ImageMemoryMb") / 1024, default(flat, "LambdaDollarsPerGigabyteSecond")
    dollars = default(flat, "ImageMaxConcurrency") * DAY_SECONDS * gigabytes * price

    assert f"{dollars:.0f} dollars a day" in README


# ---------------------------------------------------------------- videos


def test_the_budget_is_reckoned_by_the_hour_of_a_host_over_a_day(flat: dict[str, Any]) -> None:
    alarm, budget = properties(flat, "VideoBudgetAlarm"), default(flat, "VideoDailyBudgetDollars")
    price = default(flat, "VideoHostDollarsPerHour")
    (stat,) = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]

    assert (stat["Period"], stat["Stat"], alarm["EvaluationPeriods"]) == (DAY_SECONDS, "Sum", 1)
    assert alarm["Threshold"] == {"Ref": "VideoDailyBudgetDollars"}
    seconds = budget / price * 3600
    assert evaluate(alarm, {"HostDollarsPerHour": price}, {"hosts": seconds}) == pytest.approx(budget)


def test_a_day_without_videos_frees_the_budget(flat: dict[str, Any]) -> None:
    """An alarm stays as it is for as long as it has no data, and nothing would ever start again."""
    price = {"HostDollarsPerHour": default(flat, "VideoHostDollarsPerHour")}

    assert evaluate(properties(flat, "VideoBudgetAlarm"), price, {"hosts": None}) == 0


def test_what_runs_when_the_budget_is_spent_costs_at_most_what_the_documentation_says(flat: dict[str, Any]) -> None:
    requirements = properties(flat, "VideoJobDefinition")["ContainerProperties"]["ResourceRequirements"]
    (vcpus,) = [int(each["Value"]) for each in requirements if each["Type"] == "VCPU"]
    at_once = len(HOSTS) * default(flat, "VideoMaxVcpus") // vcpus
    hours = default(flat, "VideoTimeoutMinutes") / 60
    more = at_once * hours * default(flat, "VideoHostDollarsPerHour")

    assert f"{more:.0f} dollars more" in README


def test_each_state_of_the_alarm_has_its_rule(flat: dict[str, Any]) -> None:
    asked = {}
    for name in ("VideoBudgetSpentRule", "VideoBudgetFreeRule"):
        pattern = properties(flat, name)["EventPattern"]
        assert (pattern["source"], pattern["detail-type"]) == (["aws.cloudwatch"], ["CloudWatch Alarm State Change"])
        assert pattern["resources"] == [{"Fn::GetAtt": ["VideoBudgetAlarm", "Arn"]}]
        (target,) = properties(flat, name)["Targets"]
        assert target["Arn"] == {"Ref": "VideoHostSwitch"}
        (value,) = pattern["detail"]["state"]["value"]
        asked[value] = json.loads(target["Input"])
    assert asked == {"ALARM": {"state": "DISABLED"}, "OK": {"state": "ENABLED"}}


def test_without_a_budget_nothing_is_switched(flat: dict[str, Any]) -> None:
    conditional = {name for name, each in flat["Resources"].items() if each.get("Condition") == "VideoHasBudget"}

    assert conditional == {
        "VideoBudgetAlarm",
        "VideoBudgetSpentRule",
        "VideoBudgetFreeRule",
        "VideoBudgetRuleRole",
        "VideoHostSwitch",
        "VideoHostSwitchRole",
        "VideoHostSwitchAlarm",
    }


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> Iterator["BatchClient"]:
    """AWS Batch as moto plays it, with the hosts of the template by their names there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        role = boto3.client("iam").create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client = boto3.client("batch")
        for name in HOSTS:
            client.create_compute_environment(
                computeEnvironmentName=name, type="UNMANAGED", state="ENABLED", serviceRole=role
            )
        yield client


def run(definition: Mapping[str, Any], given: Mapping[str, str], batch: "BatchClient") -> None:
    """Make the calls of a state machine, with its input. moto would spell their parameters as Step Functions does."""
    name: str | None = definition["StartAt"]
    while name is not None:
        state = definition["States"][name]
        assert state["Resource"] == "arn:${AWS::Partition}:states:::aws-sdk:batch:updateComputeEnvironment"
        environment, path = state["Parameters"]["ComputeEnvironment"], state["Parameters"]["State.$"]
        batch.update_compute_environment(
            computeEnvironment=environment.strip("${}"),
            state=given[path.removeprefix("$.")],  # type: ignore[arg-type]
        )
        name = state.get("Next")
        assert (name is None) == state.get("End", False)


def test_the_switch_does_what_the_rules_ask_of_it(flat: dict[str, Any], batch: "BatchClient") -> None:
    definition = json.loads(properties(flat, "VideoHostSwitch")["DefinitionString"]["Fn::Sub"])
    for rule, state in (("VideoBudgetSpentRule", "DISABLED"), ("VideoBudgetFreeRule", "ENABLED")):
        (target,) = properties(flat, rule)["Targets"]
        run(definition, json.loads(target["Input"]), batch)
        found = batch.describe_compute_environments()["computeEnvironments"]
        assert {each["computeEnvironmentName"]: each["state"] for each in found} == dict.fromkeys(HOSTS, state)
