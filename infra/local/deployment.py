"""The translated template, deployed into moto, and what the rest has to know of the result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.local.clients import Clients
from infra.local.deployable import (
    RESOLVED_BATCH_SIZE,
    RESOLVED_FUNCTION_NAME,
    RESOLVED_JOB_DEFINITION,
    RESOLVED_JOB_TIMEOUT,
    RESOLVED_QUEUE_ARN,
    DeploymentError,
    deployable,
    only,
)
from infra.local.job_configuration import JobConfiguration, deployed_job

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

STACK_NAME = "cutout"


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
    """`outputs`: the template's own, by name. `job` is None where the template's parameters leave videos out."""

    outputs: Mapping[str, str]
    function: FunctionConfiguration
    event_source: EventSource
    job: JobConfiguration | None


def deploy(template: Mapping[str, Any], parameters: Mapping[str, str], clients: Clients) -> Deployment:
    """Create the stack from a flat, translated `template`.

    Raises `DeploymentError` for an unknown parameter, for anything but one function fed by one queue and one job
    definition, and for what moto refuses.
    """
    unknown = sorted(parameters.keys() - template["Parameters"].keys())
    if unknown:
        raise DeploymentError(f"the template has no parameter {', '.join(unknown)}")
    mapping = only(template, "AWS::Lambda::EventSourceMapping")["Properties"]
    function = only(template, "AWS::Lambda::Function")["Properties"]
    outputs = _create_stack(deployable(template), parameters, clients.client("cloudformation"))
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
        job=_job(outputs, clients),
        outputs=outputs,
    )


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


def _job(outputs: dict[str, str], clients: Clients) -> JobConfiguration | None:
    if RESOLVED_JOB_DEFINITION not in outputs:
        return None
    return deployed_job(
        outputs.pop(RESOLVED_JOB_DEFINITION),
        timeout_seconds=int(outputs.pop(RESOLVED_JOB_TIMEOUT)),
        batch=clients.client("batch"),
        events=clients.client("events"),
        sqs=clients.client("sqs"),
    )


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
