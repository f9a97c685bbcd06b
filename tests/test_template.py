"""The template, read as data: what AWS would do with an upload, a permission or a retry."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutout.choices import PHOTO_OUTPUTS, Edges
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import Options
from cutout.settings import ImageSettings
from infra.local.template import load, translate

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"

# What the library reads and nothing else gives it.
LIBRARY_VARIABLES = {
    "CUTOUT_INPUT_BUCKET",
    "CUTOUT_OUTPUT_BUCKET",
    "CUTOUT_RESULT_BUS",
    "CUTOUT_IDEMPOTENCY_TABLE",
    "CUTOUT_MODEL",
    "CUTOUT_OUTPUTS",
    "CUTOUT_BACKGROUND",
    "CUTOUT_CROP",
    "CUTOUT_SHADOW",
    "CUTOUT_EDGES",
    "CUTOUT_LIMIT_MEGABYTES",
    "CUTOUT_LIMIT_MEGAPIXELS",
    "CUTOUT_LIMIT_FRAMES",
    "CUTOUT_REVIEW_BELOW",
    "CUTOUT_VIDEO_JOBS",
    "CUTOUT_STACK",
}
REQUIRED = ("CUTOUT_OUTPUT_BUCKET", "CUTOUT_RESULT_BUS", "CUTOUT_IDEMPOTENCY_TABLE")
POWERTOOLS_VARIABLES = {"POWERTOOLS_LOG_LEVEL"}

DAY_SECONDS = 86400


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    return load(TEMPLATE)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """What CloudFormation gets."""
    return translate(TEMPLATE)


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def default(template: dict[str, Any], parameter: str) -> Any:
    return template["Parameters"][parameter]["Default"]


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement of every policy, whoever it is attached to."""
    for resource in template["Resources"].values():
        inline = resource.get("Properties", {}).get("Policies", [])
        documents = [policy["PolicyDocument"] for policy in inline]
        if "PolicyDocument" in resource.get("Properties", {}):
            documents.append(resource["Properties"]["PolicyDocument"])
        for document in documents:
            yield from document["Statement"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(template: dict[str, Any], action: str) -> list[Any]:
    """The resources on which an action is allowed."""
    return [
        resource
        for statement in statements(template)
        if statement["Effect"] == "Allow" and action in as_list(statement["Action"])
        for resource in as_list(statement.get("Resource", []))
    ]


# ---------------------------------------------------------------- it deploys


def test_cfn_lint_accepts_the_sources_and_their_translation(template: dict[str, Any], tmp_path: Path) -> None:
    translated = tmp_path / "translated.json"
    translated.write_text(json.dumps(template))

    for path in (TEMPLATE, *(TEMPLATE.parent / "infra").glob("*.yaml"), translated):
        run = subprocess.run(
            [Path(sys.executable).with_name("cfn-lint"), "--regions", "us-east-1", "eu-central-1", "--", path],
            capture_output=True,
            check=False,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_every_parameter_says_what_it_is_for_and_has_a_default_and_a_place_in_the_form(source: dict[str, Any]) -> None:
    groups = source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    placed = [name for group in groups for name in group["Parameters"]]

    assert sorted(placed) == sorted(source["Parameters"])
    assert all(parameter["Description"] and "Default" in parameter for parameter in source["Parameters"].values())


def test_sam_build_finds_the_dockerfile_by_the_template(source: dict[str, Any]) -> None:
    metadata = source["Resources"]["ImageFunction"]["Metadata"]

    assert (metadata["Dockerfile"], metadata["DockerContext"]) == ("functions/image/Dockerfile", ".")
    assert metadata["DockerBuildArgs"] == {
        "BASE_IMAGE": {"Ref": "BaseImage"},
        "TORCH_INDEX_URL": {"Ref": "TorchIndexUrl"},
    }
    assert default(source, "BaseImage") == "python:3.11-slim-bookworm"


# ---------------------------------------------------------------- an upload reaches the function


def test_every_upload_is_passed_on_whatever_its_name(template: dict[str, Any]) -> None:
    rule = properties(template, "ImageRule")

    assert properties(template, "InputBucket")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "InputBucket"}]}},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["ImageQueue", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["ImageDlq", "Arn"]}


def test_results_start_nothing(template: dict[str, Any]) -> None:
    assert "NotificationConfiguration" not in properties(template, "OutputBucket")


def test_input_and_output_cannot_be_one_bucket(template: dict[str, Any]) -> None:
    (assertion,) = template["Rules"]["DifferentBuckets"]["Assertions"]
    unnamed, different = assertion["Assert"]["Fn::Or"]

    assert unnamed == {"Fn::Equals": [{"Ref": "InputBucketName"}, ""]}
    assert different == {"Fn::Not": [{"Fn::Equals": [{"Ref": "InputBucketName"}, {"Ref": "OutputBucketName"}]}]}


def test_only_the_rule_may_send_to_the_queues(template: dict[str, Any]) -> None:
    (statement,) = properties(template, "ImageQueuePolicy")["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["ImageRule", "Arn"]}}}


# ---------------------------------------------------------------- failing and trying again


def test_each_timeout_on_offer_leaves_the_queue_patient_for_six_times_as_long(template: dict[str, Any]) -> None:
    timeouts = template["Parameters"]["ImageTimeoutSeconds"]["AllowedValues"]
    times = template["Mappings"]["QueueTimes"]

    assert properties(template, "ImageFunction")["Timeout"] == {"Ref": "ImageTimeoutSeconds"}
    assert properties(template, "ImageQueue")["VisibilityTimeout"] == {
        "Fn::FindInMap": ["QueueTimes", {"Ref": "ImageTimeoutSeconds"}, "VisibilitySeconds"]
    }
    assert times.keys() == {str(seconds) for seconds in timeouts}
    assert {seconds: times[str(seconds)]["VisibilitySeconds"] for seconds in timeouts} == {
        seconds: 6 * seconds for seconds in timeouts
    }
    assert default(template, "ImageTimeoutSeconds") in timeouts


def test_what_keeps_failing_ends_in_the_dead_letter_queue_and_stays_there_longest(template: dict[str, Any]) -> None:
    queue, letters = properties(template, "ImageQueue"), properties(template, "ImageDlq")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["ImageDlq", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert letters["MessageRetentionPeriod"] == 14 * DAY_SECONDS > queue["MessageRetentionPeriod"]


def test_retries_end_before_the_queue_forgets_the_message(template: dict[str, Any]) -> None:
    queue = properties(template, "ImageQueue")
    longest = max(times["VisibilitySeconds"] for times in template["Mappings"]["QueueTimes"].values())

    assert longest * queue["RedrivePolicy"]["maxReceiveCount"] < queue["MessageRetentionPeriod"]


def test_an_overwritten_photo_is_kept_for_as_long_as_a_message_may_ask_for_it(template: dict[str, Any]) -> None:
    rules = properties(template, "InputBucket")["LifecycleConfiguration"]["Rules"]
    (days,) = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    ]
    assert days * DAY_SECONDS > properties(template, "ImageDlq")["MessageRetentionPeriod"]


def test_one_failed_photo_does_not_repeat_its_batch(template: dict[str, Any]) -> None:
    mapping = properties(template, "ImageFunctionUploads")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == {"Ref": "ImageBatchSize"}
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "ImageMaxConcurrency"}}


def test_the_idempotency_table_has_the_key_and_the_expiry_that_claims_expect(template: dict[str, Any]) -> None:
    table = properties(template, "IdempotencyTable")

    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}


# ---------------------------------------------------------------- what the function is told


def test_the_function_is_told_all_that_the_library_reads(template: dict[str, Any]) -> None:
    variables = properties(template, "ImageFunction")["Environment"]["Variables"]

    assert variables.keys() == LIBRARY_VARIABLES | POWERTOOLS_VARIABLES | {"AWS_ENDPOINT_URL"}
    assert variables["CUTOUT_OUTPUT_BUCKET"] == {"Ref": "OutputBucket"}
    assert variables["CUTOUT_RESULT_BUS"] == {"Fn::GetAtt": ["ResultBus", "Name"]}
    assert variables["CUTOUT_IDEMPOTENCY_TABLE"] == {"Ref": "IdempotencyTable"}


def test_the_library_accepts_what_the_template_tells_by_default(template: dict[str, Any]) -> None:
    variables = properties(template, "ImageFunction")["Environment"]["Variables"]
    environment = {
        name: str(default(template, value["Ref"])) if value.get("Ref") in template["Parameters"] else "resolved"
        for name, value in variables.items()
        if name in LIBRARY_VARIABLES
    }
    environment["CUTOUT_VIDEO_JOBS"] = "false"
    settings = ImageSettings.from_environment(environment)

    assert settings.options == Options()
    assert settings.limits == Limits()


def test_the_function_leaves_videos_alone_exactly_where_they_have_a_job(template: dict[str, Any]) -> None:
    variables = properties(template, "ImageFunction")["Environment"]["Variables"]

    # By an output, so that the function leaves no video before there is a rule that takes it.
    takes_uploads = {"Fn::GetAtt": ["Video", "Outputs.TakesUploads"]}
    assert variables["CUTOUT_VIDEO_JOBS"] == {"Fn::If": ["HasVideos", takes_uploads, "false"]}
    assert variables["CUTOUT_INPUT_BUCKET"] == {"Ref": "InputBucket"}
    for text, leaves in (("true", True), ("false", False)):
        environment = {**dict.fromkeys(REQUIRED, "resolved"), "CUTOUT_VIDEO_JOBS": text}
        assert ImageSettings.from_environment(environment).leaves_videos is leaves


def test_the_defaults_are_those_that_the_documentation_gives(template: dict[str, Any]) -> None:
    names = ["DefaultModel", "DefaultOutputs", "DefaultBackground", "DefaultCrop", "DefaultShadow", "DefaultEdges"]

    assert [default(template, name) for name in names] == ["u2net", "png", "transparent", "none", "none", "fine"]
    assert (default(template, "LimitMegabytes"), default(template, "LimitMegapixels")) == (100, 50)


def test_logs_are_kept_for_as_long_as_asked(template: dict[str, Any]) -> None:
    assert properties(template, "ImageFunction")["LoggingConfig"]["LogGroup"] == {"Ref": "ImageLogGroup"}
    assert properties(template, "ImageLogGroup")["RetentionInDays"] == {"Ref": "LogRetentionDays"}


# ---------------------------------------------------------------- photos are kept safe


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket"])
def test_photos_survive_the_stack_and_are_closed_to_the_public(template: dict[str, Any], bucket: str) -> None:
    resource = template["Resources"][bucket]

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resource["Properties"]["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert resource["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket"])
def test_photos_are_encrypted_with_the_given_key_or_with_that_of_s3(template: dict[str, Any], bucket: str) -> None:
    (rule,) = properties(template, bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": {"Fn::If": ["HasKmsKey", "aws:kms", "AES256"]},
        "KMSMasterKeyID": {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]},
    }


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket"])
def test_a_bucket_answers_over_tls_only(template: dict[str, Any], bucket: str) -> None:
    policy = properties(template, f"{bucket}Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == {"Ref": bucket}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


@pytest.mark.parametrize("parameter", ["InputRetentionDays", "OutputRetentionDays"])
def test_nothing_is_deleted_unless_asked_for(template: dict[str, Any], parameter: str) -> None:
    assert default(template, parameter) == 0
    condition = parameter.replace("RetentionDays", "sExpire")
    assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, "0"]}]}


# ---------------------------------------------------------------- somebody is told


@pytest.mark.parametrize(
    ("alarm", "metric", "of"),
    [
        ("ImageDlqAlarm", "ApproximateNumberOfMessagesVisible", {"Fn::GetAtt": ["ImageDlq", "QueueName"]}),
        ("ImageErrorsAlarm", "Errors", {"Ref": "ImageFunction"}),
        ("ImageBacklogAlarm", "ApproximateAgeOfOldestMessage", {"Fn::GetAtt": ["ImageQueue", "QueueName"]}),
    ],
)
def test_an_alarm_reaches_the_topic(template: dict[str, Any], alarm: str, metric: str, of: Any) -> None:
    found = properties(template, alarm)

    assert found["MetricName"] == metric
    assert [dimension["Value"] for dimension in found["Dimensions"]] == [of]
    assert found["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_the_topic_hears_alarms_and_the_rules_of_videos_and_nobody_else(template: dict[str, Any]) -> None:
    """A policy of one's own replaces the one by which alarms reach a topic."""
    policy = properties(template, "AlarmTopicPolicy")
    alarms, rules = policy["PolicyDocument"]["Statement"]

    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    for statement in (alarms, rules):
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
        assert statement["Resource"] == {"Ref": "AlarmTopic"}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}


def test_a_retry_alone_raises_no_backlog_alarm(template: dict[str, Any]) -> None:
    times = template["Mappings"]["QueueTimes"].values()

    assert all(entry["BacklogSeconds"] > 2 * entry["VisibilitySeconds"] for entry in times)


def test_mail_goes_only_to_an_address_that_was_given(template: dict[str, Any]) -> None:
    assert template["Resources"]["AlarmSubscription"]["Condition"] == "HasAlarmEmail"


def test_whoever_deploys_learns_the_names(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == {
        "InputBucket",
        "OutputBucket",
        "ImageFunction",
        "ImageQueueUrl",
        "ImageDlqUrl",
        "ResultBus",
        "IdempotencyTable",
        "AlarmTopic",
        "VideoJobQueue",
        "VideoJobDefinition",
        "VideoDlqUrl",
        "VideoLogGroup",
    }


def test_the_template_offers_every_choice_that_the_library_has_and_no_other(source: dict[str, Any]) -> None:
    """Or a deployment sets a default that refuses every upload."""
    parameters = source["Parameters"]
    assert parameters["DefaultModel"]["AllowedValues"] == list(Model)
    assert parameters["DefaultEdges"]["AllowedValues"] == list(Edges)
    offered = re.fullmatch(r"\^\((.*?)\)\(,\(\1\)\)\*\$", parameters["DefaultOutputs"]["AllowedPattern"])
    assert offered is not None
    assert offered[1].split("|") == list(PHOTO_OUTPUTS)


def test_each_queue_has_its_policy_and_each_statement_one_queue(template: dict[str, Any]) -> None:
    """SQS refuses a statement about two."""
    policies = [each for each in template["Resources"].values() if each["Type"] == "AWS::SQS::QueuePolicy"]
    assert len(policies) == 2
    for policy in policies:
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        (queue,) = policy["Properties"]["Queues"]
        assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}


def test_an_event_that_reaches_the_function_directly_is_not_lost_either(template: dict[str, Any]) -> None:
    target = {"Fn::GetAtt": ["ImageDlq", "Arn"]}
    assert properties(template, "ImageFunction")["DeadLetterConfig"] == {"TargetArn": target}
    assert target in granted(template, "sqs:SendMessage")
