"""What the embedded AWS makes of the template. If this is wrong, tests prove nothing about the template."""

from typing import TYPE_CHECKING, Any

import pytest

from infra.local import shims
from infra.local.aws import REPOSITORY
from infra.local.clients import Clients
from infra.local.deployable import NOT_DEPLOYED, DeploymentError
from infra.local.deployment import EventSource, FunctionConfiguration, deploy
from infra.local.nesting import flatten
from infra.local.template import load, translated

if TYPE_CHECKING:
    from tests.infra.local.conftest import Toy

TEMPLATE = REPOSITORY / "template.yaml"


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket"])
def test_buckets_are_versioned_encrypted_and_closed_to_the_public(toy: "Toy", bucket: str) -> None:
    s3, name = toy.aws.client("s3"), toy.aws.outputs[bucket]

    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_every_output_of_the_template_is_given_and_no_other(toy: "Toy") -> None:
    assert toy.aws.outputs.keys() == load(TEMPLATE)["Outputs"].keys()


def test_the_queue_hides_messages_by_the_timeout_that_was_chosen(toy: "Toy") -> None:
    answer = toy.aws.client("sqs").get_queue_attributes(
        QueueUrl=toy.aws.outputs["ImageQueueUrl"], AttributeNames=["VisibilityTimeout"]
    )
    assert answer["Attributes"]["VisibilityTimeout"] == "12"


def test_what_is_left_out_is_in_the_table_of_shims() -> None:
    table = " ".join(f"{shim.moto} {shim.shim}" for shim in shims.SHIMS)

    assert [left_out for left_out in NOT_DEPLOYED if left_out not in table] == []


@pytest.mark.parametrize("name", ["ImageFunction", "VideoJobDefinition"])
def test_a_second_function_or_job_is_refused_rather_than_left_idle(name: str) -> None:
    template = translated(flatten(TEMPLATE))
    template["Resources"]["Second"] = template["Resources"][name]
    kind = template["Resources"][name]["Type"]

    with pytest.raises(DeploymentError, match=f"one {kind}, the template has 2"):
        deploy(template, {}, Clients("http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: EventSource("url", "arn", 11, True), "1 to 10 messages, not 11"),
        (lambda: FunctionConfiguration("n", "a", 0, 1024, "Text", {}), "above zero, not 0 s"),
    ],
)
def test_a_wrong_value_cannot_be_built(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()
