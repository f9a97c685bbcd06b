"""The deployed job definition and the rule that submits it, as far as the embedded AWS has to know them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.input_transformer import InputTransformer
from infra.local.retry_strategy import RetryStrategy

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

SUBMISSIONS_NAME = "embedded-submissions"
SUBMISSIONS_TARGET = "embedded-submissions"


@dataclass(frozen=True)
class JobConfiguration:
    """`submissions_url` is the queue of ours that the rule sends to; `dlq_arn` gets what can't be submitted."""

    name: str
    queue_arn: str
    definition_arn: str
    command: Sequence[str]
    parameters: Mapping[str, str]
    environment: Mapping[str, str]
    retry_strategy: RetryStrategy
    timeout_seconds: int
    transformer: InputTransformer
    submissions_url: str
    dlq_url: str

    def __post_init__(self) -> None:
        if self.timeout_seconds < 1:
            raise ValueError(f"a job's timeout is above zero, not {self.timeout_seconds} s")


def deployed_job(
    definition_arn: str, timeout_seconds: int, *, batch: Any, events: "EventBridgeClient", sqs: "SQSClient"
) -> JobConfiguration:
    """Read the job definition, and let the rule that submits it send to a queue of ours instead.

    moto delivers no event to AWS Batch, and fails at the attempt, as it does for SNS: those targets are removed.
    """
    (definition,) = batch.describe_job_definitions(jobDefinitions=[definition_arn])["jobDefinitions"]
    container = definition["containerProperties"]
    rule, target = _take_over_targets(definition_arn, events)
    submissions_url = sqs.create_queue(QueueName=SUBMISSIONS_NAME)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=submissions_url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_targets(Rule=rule, Targets=[{"Id": SUBMISSIONS_TARGET, "Arn": attributes["QueueArn"]}])
    dlq_name = target["DeadLetterConfig"]["Arn"].rsplit(":", 1)[1]
    return JobConfiguration(
        name=target["BatchParameters"]["JobName"],
        queue_arn=target["Arn"],
        definition_arn=definition_arn,
        command=tuple(container["command"]),
        parameters=definition["parameters"],
        environment=_environment(container["environment"]),
        retry_strategy=RetryStrategy.from_description(definition["retryStrategy"]),
        timeout_seconds=timeout_seconds,
        transformer=InputTransformer(
            paths=target["InputTransformer"]["InputPathsMap"], template=target["InputTransformer"]["InputTemplate"]
        ),
        submissions_url=submissions_url,
        dlq_url=sqs.get_queue_url(QueueName=dlq_name)["QueueUrl"],
    )


def _take_over_targets(definition_arn: str, events: "EventBridgeClient") -> tuple[str, Mapping[str, Any]]:
    """Remove the targets that moto fails at; the rule that submits the job, and its target."""
    submitting = []
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            if target["Arn"].split(":")[2] not in ("batch", "sns"):
                continue
            events.remove_targets(Rule=rule["Name"], Ids=[target["Id"]])
            if target.get("BatchParameters", {}).get("JobDefinition") == definition_arn:
                submitting.append((rule["Name"], target))
    (found,) = submitting
    return found


def _environment(variables: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By name. What a condition leaves empty is no variable at all."""
    return {variable["name"]: variable["value"] for variable in variables if variable["value"]}
