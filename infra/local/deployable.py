"""The flat, translated template as moto can take it."""

import copy
from collections.abc import Mapping
from typing import Any

# What moto can't create, or would run in a way of its own (the event source mapping). `shims` gives the reasons.
NOT_DEPLOYED = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Archive",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Logs::QueryDefinition",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
)

# Outputs of ours beside the template's: CloudFormation is what resolves a template's expressions.
RESOLVED_QUEUE_ARN = "ResolvedQueueArn"
RESOLVED_BATCH_SIZE = "ResolvedBatchSize"
RESOLVED_FUNCTION_NAME = "ResolvedFunctionName"
RESOLVED_JOB_DEFINITION = "ResolvedJobDefinition"
RESOLVED_JOB_TIMEOUT = "ResolvedJobTimeout"

# moto asks for the role that Batch has of itself.
SERVICE_ROLE = "EmbeddedBatchServiceRole"


class DeploymentError(Exception):
    """The template asks for what can't be deployed here, or moto refused it."""


def deployable(template: Mapping[str, Any]) -> dict[str, Any]:
    """What moto is given. What it does not deploy comes back as outputs, resolved.

    Raises `DeploymentError` unless there is one function, one event source mapping and one job definition.
    """
    result = copy.deepcopy(dict(template))
    result["Resources"] = {
        name: resource
        for name, resource in result["Resources"].items()
        if resource["Type"] not in NOT_DEPLOYED and not _waits_for_an_alarm(resource)
    }
    for parameter in result["Parameters"].values():
        if parameter["Type"] == "Number":
            parameter["Type"] = "String"
            parameter["Default"] = str(parameter["Default"])
    _suit_batch(result)
    result["Outputs"] |= _resolved(template)
    return result


def only(template: Mapping[str, Any], resource_type: str) -> dict[str, Any]:
    """The one resource of a type."""
    found = [resource for resource in template["Resources"].values() if resource["Type"] == resource_type]
    if len(found) != 1:
        raise DeploymentError(f"the embedded AWS runs one {resource_type}, the template has {len(found)}")
    resource: dict[str, Any] = found[0]
    return resource


def _waits_for_an_alarm(resource: Mapping[str, Any]) -> bool:
    """Whether it is a rule that names an alarm, of which there is none here."""
    pattern = resource.get("Properties", {}).get("EventPattern", {})
    return bool(resource["Type"] == "AWS::Events::Rule" and pattern.get("source") == ["aws.cloudwatch"])


def _resolved(template: Mapping[str, Any]) -> dict[str, Any]:
    mapping = only(template, "AWS::Lambda::EventSourceMapping")["Properties"]
    definition = only(template, "AWS::Batch::JobDefinition")
    (definition_name,) = [name for name, resource in template["Resources"].items() if resource is definition]
    condition = {"Condition": definition["Condition"]} if "Condition" in definition else {}
    return {
        RESOLVED_QUEUE_ARN: {"Value": mapping["EventSourceArn"]},
        RESOLVED_BATCH_SIZE: {"Value": mapping["BatchSize"]},
        RESOLVED_FUNCTION_NAME: {"Value": mapping["FunctionName"]},
        RESOLVED_JOB_DEFINITION: {"Value": {"Ref": definition_name}, **condition},
        RESOLVED_JOB_TIMEOUT: {"Value": definition["Properties"]["Timeout"]["AttemptDurationSeconds"], **condition},
    }


def _suit_batch(template: dict[str, Any]) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Batch::ComputeEnvironment":
            resource["Properties"].setdefault("ServiceRole", {"Fn::GetAtt": [SERVICE_ROLE, "Arn"]})
        if resource["Type"] == "AWS::Batch::JobDefinition":
            container = resource["Properties"]["ContainerProperties"]
            container["Environment"] = [_without_choice(variable) for variable in container["Environment"]]
    template["Resources"][SERVICE_ROLE] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    }


def _without_choice(variable: Mapping[str, Any]) -> dict[str, Any]:
    """A variable that a condition may take away is always there, and then empty."""
    match variable:
        case {"Fn::If": [condition, {"Name": name, "Value": value}, {"Ref": "AWS::NoValue"}]}:
            return {"Name": name, "Value": {"Fn::If": [condition, value, ""]}}
    return dict(variable)
