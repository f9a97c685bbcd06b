"""The translated template, deployed into moto, and what the rest has to know of the result."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.local.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

STACK_NAME = "cutout"

# What moto can't create, or would run in a way of its own (the event source mapping). `shims` gives the reasons.
NOT_DEPLOYED = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::Events::Archive",
        "AWS::Lambda::EventSourceMapping",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SQS::QueuePolicy",
    }
)

# Outputs of ours beside the template's: CloudFormation is what resolves a template's expressions.
RESOLVED_QUEUE_ARN = "ResolvedQueueArn"
RESOLVED_BATCH_SIZE = "ResolvedBatchSize"
RESOLVED_FUNCTION_NAME = "ResolvedFunctionName"


class DeploymentError(Exception):
    """The template asks for what can't be deployed here, or moto refused it."""


@dataclass(frozen=True)
class FunctionConfiguration:
    """A deployed function. `environment` holds the template's variables, resolved."""

    name: str
    arn: str
    timeout_seconds: int
    memory_megabytes: int
    log_format: str
    environment: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.timeout_seconds <= 0:
            raise ValueError(f"a function's timeout is above zero, not {self.timeout_seconds} s")


@dataclass(frozen=True)
class EventSource:
    """An event source mapping from an SQS queue."""

    queue_url: str
    queue_arn: str
    batch_size: int
    reports_item_failures: bool

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= 10:
            raise ValueError(f"a batch has 1 to 10 messages, not {self.batch_size}")


@dataclass(frozen=True)
class Deployment:
    """`outputs`: the template's own, by name."""

    outputs: Mapping[str, str]
    function: FunctionConfiguration
    event_source: EventSource


def deploy(template: Mapping[str, Any], parameters: Mapping[str, str], clients: Clients) -> Deployment:
    """Create the stack from a translated `template`.

    Raises `DeploymentError` for an unknown parameter, for anything but one function fed by one queue, and for what
    moto refuses.
    """
    unknown = sorted(parameters.keys() - template["Parameters"].keys())
    if unknown:
        raise DeploymentError(f"the template has no parameter {', '.join(unknown)}")
    mapping = _only(template, "AWS::Lambda::EventSourceMapping")
    function = _only(template, "AWS::Lambda::Function")
    outputs = _create_stack(_deployable(template, mapping), parameters, clients.client("cloudformation"))
    _apply_bucket_properties(template, clients.client("cloudformation"), clients.client("s3"))
    return Deployment(
        event_source=_event_source(
            queue_arn=outputs.pop(RESOLVED_QUEUE_ARN),
            batch_size=int(outputs.pop(RESOLVED_BATCH_SIZE)),
            response_types=mapping.get("FunctionResponseTypes", []),
            sqs=clients.client("sqs"),
        ),
        function=_function_configuration(
            outputs.pop(RESOLVED_FUNCTION_NAME),
            log_format=function.get("LoggingConfig", {}).get("LogFormat", "Text"),
            functions=clients.client("lambda"),
        ),
        outputs=outputs,
    )


def _only(template: Mapping[str, Any], resource_type: str) -> dict[str, Any]:
    found = [resource for resource in template["Resources"].values() if resource["Type"] == resource_type]
    if len(found) != 1:
        raise DeploymentError(f"the embedded AWS runs one {resource_type}, the template has {len(found)}")
    properties: dict[str, Any] = found[0]["Properties"]
    return properties


def _deployable(template: Mapping[str, Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What moto is given. The expressions of the mapping come back as outputs."""
    deployable = copy.deepcopy(dict(template))
    deployable["Resources"] = {
        name: resource for name, resource in deployable["Resources"].items() if resource["Type"] not in NOT_DEPLOYED
    }
    for parameter in deployable["Parameters"].values():
        if parameter["Type"] == "Number":
            parameter["Type"] = "String"
            parameter["Default"] = str(parameter["Default"])
    deployable["Outputs"] |= {
        RESOLVED_QUEUE_ARN: {"Value": mapping["EventSourceArn"]},
        RESOLVED_BATCH_SIZE: {"Value": mapping["BatchSize"]},
        RESOLVED_FUNCTION_NAME: {"Value": mapping["FunctionName"]},
    }
    return deployable


def _create_stack(
    template: Mapping[str, Any], parameters: Mapping[str, str], cloudformation: "CloudFormationClient"
) -> dict[str, str]:
    try:
        cloudformation.create_stack(
            StackName=STACK_NAME,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
    except (ClientError, ResponseParserError) as error:
        raise DeploymentError("moto could not create the stack; its log, on stderr, names the resource") from error
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise DeploymentError(
            f"the stack is {stack['StackStatus']}: {stack.get('StackStatusReason', 'no reason given')}"
        )
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _apply_bucket_properties(
    template: Mapping[str, Any], cloudformation: "CloudFormationClient", s3: "S3Client"
) -> None:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] != "AWS::S3::Bucket":
            continue
        detail = cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=logical_id)
        bucket = detail["StackResourceDetail"]["PhysicalResourceId"]
        properties = resource["Properties"]
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=properties["VersioningConfiguration"])
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=properties["OwnershipControls"])
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
        )
        if "NotificationConfiguration" in properties:
            _apply_notifications(bucket, properties["NotificationConfiguration"], s3)


def _apply_notifications(bucket: str, notifications: Mapping[str, Any], s3: "S3Client") -> None:
    if notifications != {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}:
        raise DeploymentError(f"buckets notify EventBridge and nothing else here, not {json.dumps(notifications)}")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})


def _event_source(*, queue_arn: str, batch_size: int, response_types: list[str], sqs: "SQSClient") -> EventSource:
    queue_name = queue_arn.rsplit(":", 1)[1]
    return EventSource(
        queue_url=sqs.get_queue_url(QueueName=queue_name)["QueueUrl"],
        queue_arn=queue_arn,
        batch_size=batch_size,
        reports_item_failures="ReportBatchItemFailures" in response_types,
    )


def _function_configuration(name: str, *, log_format: str, functions: "LambdaClient") -> FunctionConfiguration:
    deployed = functions.get_function_configuration(FunctionName=name)
    return FunctionConfiguration(
        name=name,
        arn=deployed["FunctionArn"],
        timeout_seconds=int(deployed["Timeout"]),
        memory_megabytes=int(deployed["MemorySize"]),
        log_format=log_format,
        environment={key: str(value) for key, value in deployed["Environment"]["Variables"].items()},
    )
