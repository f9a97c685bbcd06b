"""The video half of the template, read as data: what AWS would do with a video, a job that fails, a host that goes."""

import json
from typing import Any

import pytest

from cutout.choices import VIDEO_OUTPUTS
from cutout.limits import VideoLimits
from cutout.models import Model
from cutout.options import Options
from cutout.routes import VIDEO_ENDINGS
from cutout.settings import VideoSettings
from infra.local.aws import REPOSITORY
from infra.local.nesting import flatten
from infra.local.retry_strategy import AttemptEnd, RetryStrategy
from infra.local.template import load

DAY_SECONDS = 86400
BATCH_VARIABLES = {"AWS_BATCH_JOB_ID": "job", "AWS_BATCH_JOB_ATTEMPT": "1"}


@pytest.fixture(scope="module")
def parent() -> dict[str, Any]:
    return load(REPOSITORY / "template.yaml")


@pytest.fixture(scope="module")
def video() -> dict[str, Any]:
    return load(REPOSITORY / "infra" / "video.yaml")


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    return load(REPOSITORY / "infra" / "network.yaml")


@pytest.fixture(scope="module")
def flat() -> dict[str, Any]:
    """All three in one, so that each parameter is what it is given."""
    return flatten(REPOSITORY / "template.yaml")


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def target(template: dict[str, Any], rule: str, identifier: str) -> dict[str, Any]:
    (found,) = [each for each in properties(template, rule)["Targets"] if each["Id"] == identifier]
    return dict(found)


def container(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = properties(template, "JobDefinition")["ContainerProperties"]
    return found


def variables(template: dict[str, Any], definition: str = "JobDefinition") -> dict[str, Any]:
    entries = properties(template, definition)["ContainerProperties"]["Environment"]
    return {entry["Name"]: entry["Value"] for entry in entries if "Name" in entry}


# ---------------------------------------------------------------- videos are on, or off


def test_without_an_image_there_is_nothing_of_videos(parent: dict[str, Any]) -> None:
    assert parent["Parameters"]["VideoImageUri"]["Default"] == ""
    assert parent["Conditions"]["HasVideos"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "VideoImageUri"}, ""]}]}
    assert parent["Resources"]["Video"]["Condition"] == "HasVideos"
    assert [name for name, output in parent["Outputs"].items() if output.get("Condition") == "HasVideos"] == [
        name for name in parent["Outputs"] if name.startswith("Video")
    ]


def test_a_network_is_made_only_where_none_is_given(parent: dict[str, Any], flat: dict[str, Any]) -> None:
    assert parent["Resources"]["VideoNetwork"]["Condition"] == "MakesNetwork"
    assert parent["Conditions"]["MakesNetwork"] == {
        "Fn::And": [{"Condition": "HasVideos"}, {"Fn::Equals": [{"Ref": "VideoVpcId"}, ""]}]
    }
    made = {"Fn::Join": [",", [{"Ref": "VideoNetworkFirstSubnet"}, {"Ref": "VideoNetworkSecondSubnet"}]]}
    for hosts in ("VideoSpotHosts", "VideoOnDemandHosts"):
        assert properties(flat, hosts)["ComputeResources"]["Subnets"] == {
            "Fn::Split": [",", {"Fn::If": ["MakesNetwork", made, {"Ref": "VideoSubnetIds"}]}]
        }


def test_a_network_comes_with_its_subnets_or_not_at_all(parent: dict[str, Any]) -> None:
    (assertion,) = parent["Rules"]["NetworkWithSubnets"]["Assertions"]
    empty = [{"Fn::Equals": [{"Ref": name}, ""]} for name in ("VideoVpcId", "VideoSubnetIds")]

    assert assertion["Assert"] == {"Fn::Or": [{"Fn::And": empty}, {"Fn::Not": [{"Fn::Or": empty}]}]}


def test_every_nested_parameter_is_given_and_no_other(
    parent: dict[str, Any], video: dict[str, Any], network: dict[str, Any]
) -> None:
    assert properties(parent, "Video")["Parameters"].keys() == video["Parameters"].keys()
    assert "Parameters" not in network


# ---------------------------------------------------------------- an upload becomes a job


def test_the_rule_takes_what_is_named_like_a_video_in_whatever_case_and_nothing_else(video: dict[str, Any]) -> None:
    pattern = properties(video, "UploadRule")["EventPattern"]

    assert pattern["detail"]["object"]["key"] == [
        {"suffix": {"equals-ignore-case": ending}} for ending in VIDEO_ENDINGS
    ]
    assert pattern["detail"].keys() == {"bucket", "object"}
    assert pattern["detail"]["object"].keys() == {"key"}
    assert pattern["detail"]["bucket"] == {"name": [{"Ref": "InputBucket"}]}
    assert (pattern["source"], pattern["detail-type"]) == (["aws.s3"], ["Object Created"])


def test_the_command_names_the_upload_behind_a_double_dash(video: dict[str, Any]) -> None:
    assert container(video)["Command"] == [
        "/opt/venv/bin/python",
        "/var/task/job.py",
        "--",
        "Ref::bucket",
        "Ref::key",
        "Ref::version",
        "Ref::etag",
    ]


def test_the_rule_gives_every_parameter_that_the_command_takes(video: dict[str, Any]) -> None:
    transformer = target(video, "UploadRule", "video-jobs")["InputTransformer"]
    taken = {word.removeprefix("Ref::") for word in container(video)["Command"] if word.startswith("Ref::")}

    assert transformer["InputPathsMap"] == {
        "bucket": "$.detail.bucket.name",
        "key": "$.detail.object.key",
        "version": "$.detail.object.version-id",
        "etag": "$.detail.object.etag",
    }
    assert transformer["InputPathsMap"].keys() == taken
    template = transformer["InputTemplate"]
    for name in taken:
        template = template.replace(f"<{name}>", json.dumps(f"the {name}"))
    assert json.loads(template) == {"Parameters": {name: f"the {name}" for name in taken}}


def test_a_job_submitted_by_hand_needs_a_bucket_and_a_key_only(video: dict[str, Any]) -> None:
    assert properties(video, "JobDefinition")["Parameters"] == {"version": "-", "etag": "-"}


def test_what_cannot_be_submitted_is_kept(video: dict[str, Any]) -> None:
    submission = target(video, "UploadRule", "video-jobs")

    assert submission["Arn"] == {"Ref": "JobQueue"}
    assert submission["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Dlq", "Arn"]}}
    assert submission["RetryPolicy"]["MaximumEventAgeInSeconds"] == DAY_SECONDS


# ---------------------------------------------------------------- what the job is told


def test_the_job_accepts_what_the_template_tells_it_by_default(parent: dict[str, Any], flat: dict[str, Any]) -> None:
    told = variables(flat, "VideoJobDefinition")
    environment = {
        name: str(parent["Parameters"][value["Ref"]]["Default"])
        if value.get("Ref") in parent["Parameters"]
        else "resolved"
        for name, value in told.items()
    }
    settings = VideoSettings.from_environment(environment | BATCH_VARIABLES)

    assert settings.limits == VideoLimits()
    assert settings.options == Options(model=Model.U2NET, outputs=(VIDEO_OUTPUTS[0],))
    assert settings.output_bucket == "resolved"


def test_the_job_is_told_all_that_the_library_reads(flat: dict[str, Any]) -> None:
    told = variables(flat, "VideoJobDefinition")

    assert told == {
        "AWS_DEFAULT_REGION": {"Ref": "AWS::Region"},
        "CUTOUT_OUTPUT_BUCKET": {"Ref": "OutputBucket"},
        "CUTOUT_RESULT_BUS": {"Fn::GetAtt": ["ResultBus", "Name"]},
        "CUTOUT_IDEMPOTENCY_TABLE": {"Ref": "IdempotencyTable"},
        "CUTOUT_MODEL": {"Ref": "DefaultModel"},
        "CUTOUT_OUTPUTS": {"Ref": "DefaultVideoOutputs"},
        "CUTOUT_BACKGROUND": {"Ref": "DefaultBackground"},
        "CUTOUT_LIMIT_MEGABYTES": {"Ref": "LimitVideoMegabytes"},
        "CUTOUT_LIMIT_MEGAPIXELS": {"Ref": "LimitVideoMegapixels"},
        "CUTOUT_LIMIT_MINUTES": {"Ref": "LimitVideoMinutes"},
        "CUTOUT_REVIEW_BELOW": {"Ref": "ReviewBelow"},
        "CUTOUT_STACK": {"Ref": "AWS::StackName"},
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }


def test_another_endpoint_is_named_only_where_one_is_given(video: dict[str, Any]) -> None:
    (choice,) = [entry["Fn::If"] for entry in container(video)["Environment"] if "Fn::If" in entry]

    assert choice == [
        "HasEndpointUrl",
        {"Name": "AWS_ENDPOINT_URL", "Value": {"Ref": "EndpointUrl"}},
        {"Ref": "AWS::NoValue"},
    ]


def test_the_template_offers_every_output_that_a_video_can_have_and_no_other(parent: dict[str, Any]) -> None:
    names = "|".join(VIDEO_OUTPUTS)

    assert parent["Parameters"]["DefaultVideoOutputs"]["AllowedPattern"] == f"^({names})(,({names}))*$"


# ---------------------------------------------------------------- failing and trying again


@pytest.mark.parametrize(
    ("end", "retried"),
    [
        (AttemptEnd(None, status_reason="Host EC2 (instance i-0123) terminated."), True),
        (AttemptEnd(None, reason="CannotPullContainerError: pull image manifest has been retried"), True),
        (AttemptEnd(75, status_reason="Essential container in task exited"), True),
        (AttemptEnd(1, status_reason="Essential container in task exited"), False),
        (AttemptEnd(175), False),
        (AttemptEnd(137, reason="OutOfMemoryError: Container killed due to memory usage"), False),
        (AttemptEnd(None, reason="DockerTimeoutError: Could not transition to started"), True),
        (AttemptEnd(None, reason="CannotStartContainerError: failed to create task"), True),
    ],
)
def test_only_what_may_succeed_the_next_time_is_tried_again(
    video: dict[str, Any], end: AttemptEnd, retried: bool
) -> None:
    strategy = properties(video, "JobDefinition")["RetryStrategy"]
    described = [
        {key[0].lower() + key[1:]: value for key, value in rule.items()} for rule in strategy["EvaluateOnExit"]
    ]
    read = RetryStrategy.from_description({"attempts": strategy["Attempts"], "evaluateOnExit": described})

    assert read.attempts > 1
    assert read.retries(1, end) is retried


def test_nothing_takes_the_place_of_the_definitions_retry_strategy(video: dict[str, Any]) -> None:
    """EventBridge knows a number of attempts only, and would retry whatever failed."""
    assert target(video, "UploadRule", "video-jobs")["BatchParameters"].keys() == {"JobDefinition", "JobName"}


def test_each_timeout_on_offer_is_as_many_seconds_as_its_minutes(parent: dict[str, Any], video: dict[str, Any]) -> None:
    minutes = parent["Parameters"]["VideoTimeoutMinutes"]["AllowedValues"]

    assert video["Mappings"]["Timeouts"] == {str(each): {"Seconds": 60 * each} for each in minutes}
    assert properties(video, "JobDefinition")["Timeout"]["AttemptDurationSeconds"] == {
        "Fn::FindInMap": ["Timeouts", {"Ref": "TimeoutMinutes"}, "Seconds"]
    }


def test_the_longest_video_that_is_accepted_has_three_times_its_length_to_be_done(parent: dict[str, Any]) -> None:
    limit, timeout = (parent["Parameters"][name]["Default"] for name in ("LimitVideoMinutes", "VideoTimeoutMinutes"))

    assert timeout >= 3 * limit
    assert timeout in parent["Parameters"]["VideoTimeoutMinutes"]["AllowedValues"]


def test_a_job_that_cannot_start_does_not_hold_up_the_others_for_ever(video: dict[str, Any]) -> None:
    actions = properties(video, "JobQueue")["JobStateTimeLimitActions"]

    assert {action["Reason"] for action in actions} == {
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    }
    assert all((action["Action"], action["State"]) == ("CANCEL", "RUNNABLE") for action in actions)
    assert all(600 <= action["MaxTimeSeconds"] <= DAY_SECONDS for action in actions)


def test_a_job_that_failed_for_good_is_kept_and_somebody_is_told(video: dict[str, Any]) -> None:
    rule = properties(video, "FailedJobRule")

    assert rule["EventPattern"] == {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {"status": ["FAILED"], "jobQueue": [{"Ref": "JobQueue"}]},
    }
    assert [each["Arn"] for each in rule["Targets"]] == [{"Fn::GetAtt": ["Dlq", "Arn"]}, {"Ref": "AlarmTopicArn"}]


def test_somebody_is_told_of_a_blocked_queue_and_of_what_lies_in_the_dead_letter_queue(video: dict[str, Any]) -> None:
    rule, alarm = properties(video, "BlockedQueueRule"), properties(video, "DlqAlarm")

    assert rule["EventPattern"]["detail-type"] == ["Batch Job Queue Blocked"]
    assert rule["EventPattern"]["detail"] == {"jobQueue": [{"Ref": "JobQueue"}]}
    assert [each["Arn"] for each in rule["Targets"]] == [{"Ref": "AlarmTopicArn"}] == alarm["AlarmActions"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Dlq", "QueueName"]}}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )


def test_both_rules_and_nobody_else_may_send_to_the_dead_letter_queue(video: dict[str, Any]) -> None:
    (statement,) = properties(video, "DlqPolicy")["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Resource"] == {"Fn::GetAtt": ["Dlq", "Arn"]}
    rules = [{"Fn::GetAtt": [name, "Arn"]} for name in ("UploadRule", "FailedJobRule")]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rules}}
    assert properties(video, "Dlq")["MessageRetentionPeriod"] == 14 * DAY_SECONDS


# ---------------------------------------------------------------- what the job reaches on its host


def test_the_job_has_no_rights_on_its_host_and_one_place_to_write(video: dict[str, Any]) -> None:
    running = container(video)

    assert running["User"] == "65534:65534"
    assert (running["Privileged"], running["ReadonlyRootFilesystem"]) == (False, True)
    assert running["LinuxParameters"] == {"InitProcessEnabled": True}
    (mount,) = running["MountPoints"]
    assert mount == {"SourceVolume": "scratch", "ContainerPath": "/tmp", "ReadOnly": False}  # noqa: S108
    assert running["Volumes"] == [{"Name": "scratch"}]


def test_a_job_reaches_the_role_of_its_host_by_no_way(video: dict[str, Any]) -> None:
    options = properties(video, "HostTemplate")["LaunchTemplateData"]["MetadataOptions"]

    assert options == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}


# ---------------------------------------------------------------- hosts


def test_spot_hosts_come_first_and_on_demand_hosts_when_there_are_none(video: dict[str, Any]) -> None:
    order = properties(video, "JobQueue")["ComputeEnvironmentOrder"]
    first, second = (entry["ComputeEnvironment"]["Ref"] for entry in sorted(order, key=lambda entry: entry["Order"]))
    kinds = [
        (resources["Type"], resources["AllocationStrategy"])
        for resources in (properties(video, name)["ComputeResources"] for name in (first, second))
    ]
    assert kinds == [("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED"), ("EC2", "BEST_FIT_PROGRESSIVE")]


@pytest.mark.parametrize("hosts", ["SpotHosts", "OnDemandHosts"])
def test_hosts_have_a_gpu_and_its_driver_and_cost_nothing_while_there_is_no_job(
    parent: dict[str, Any], video: dict[str, Any], hosts: str
) -> None:
    resources = properties(video, hosts)["ComputeResources"]
    types = parent["Parameters"]["VideoInstanceTypes"]["Default"].split(",")

    assert resources["MinvCpus"] == 0
    assert resources["Ec2Configuration"] == [{"ImageType": "ECS_AL2023_NVIDIA"}]
    assert {each.split(".")[0] for each in types} == {"g4dn", "g5", "g6"}


def test_a_job_fits_the_smallest_host(parent: dict[str, Any], video: dict[str, Any]) -> None:
    """A .xlarge of these families has 4 processors, 16 GiB and 1 GPU, and ECS keeps a part of the memory."""
    wanted = {each["Type"]: int(each["Value"]) for each in container(video)["ResourceRequirements"]}

    assert wanted["GPU"] == 1
    assert wanted["VCPU"] <= min(4, parent["Parameters"]["VideoMaxVcpus"]["MinValue"])
    assert wanted["MEMORY"] <= 0.9 * 16 * 1024


def test_hosts_take_no_calls(video: dict[str, Any]) -> None:
    group = properties(video, "HostSecurityGroup")

    assert "SecurityGroupIngress" not in group
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        ("tcp", 443, 443)
    ]


def test_hosts_reach_s3_and_dynamodb_without_the_internet(network: dict[str, Any]) -> None:
    endpoints = [
        each["Properties"] for each in network["Resources"].values() if each["Type"] == "AWS::EC2::VPCEndpoint"
    ]

    assert {each["ServiceName"]["Fn::Sub"].rsplit(".", 1)[1] for each in endpoints} == {"s3", "dynamodb"}
    assert all(each["RouteTableIds"] == [{"Ref": "RouteTable"}] for each in endpoints)
    assert not [each for each in network["Resources"].values() if each["Type"] == "AWS::EC2::NatGateway"]


def test_each_subnet_is_in_a_zone_of_its_own_and_has_the_routes(network: dict[str, Any]) -> None:
    subnets = {
        name: each["Properties"] for name, each in network["Resources"].items() if each["Type"] == "AWS::EC2::Subnet"
    }
    routed = [
        each["Properties"]["SubnetId"]["Ref"]
        for each in network["Resources"].values()
        if each["Type"] == "AWS::EC2::SubnetRouteTableAssociation"
    ]
    assert sorted(routed) == sorted(subnets)
    zones = [each["AvailabilityZone"]["Fn::Select"][0] for each in subnets.values()]
    assert sorted(zones) == [0, 1]
    assert all(each["MapPublicIpOnLaunch"] for each in subnets.values())


def test_logs_are_kept_for_as_long_as_asked(video: dict[str, Any]) -> None:
    assert properties(video, "LogGroup")["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert container(video)["LogConfiguration"]["Options"]["awslogs-group"] == {"Ref": "LogGroup"}
