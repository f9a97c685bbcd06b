"""If these fail, the function or the job is refused something on AWS, or may do something that it never does.

The real function and the real job run here, and every call that leaves boto3 is written down. What the calls need and
what the template's roles allow are the same, both ways.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
import numpy as np
import pytest
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from cutout.claims import Claims
from cutout.errors import ResultBusUnavailable, StorageUnavailable
from cutout.events import Upload
from cutout.limits import VideoLimits
from cutout.media.png import encode_png
from cutout.metrics import Metrics
from cutout.options import Options, Output
from cutout.photo_work import PhotoWork
from cutout.results import Decision, ResultBus
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings, VideoSettings
from cutout.storage import Storage
from cutout.verdict import Report, Verdict
from cutout.video_pipeline import VideoRendition, VideoResult
from cutout.video_work import VideoWork
from functions.image.handler import ImageFunction, claims_of
from functions.video.job import VideoJob
from infra.local.aws import REPOSITORY
from infra.local.nesting import flatten

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOWHERE = Path("/nowhere")

INPUT, INPUT_BUCKET, BUS, TABLE = "objects of the input bucket", "input bucket", "bus", "table"
OUTPUT, OUTPUT_BUCKET, MATTES = "objects of the output bucket", "output bucket", "mattes in the output bucket"

# What each call needs: an action, and on what. A call that isn't here fails the test that meets it.
NEEDED: Mapping[str, set[tuple[str, str]]] = {
    "s3 GetObject": {("s3:GetObject", INPUT)},
    "s3 GetObject of a version": {("s3:GetObjectVersion", INPUT)},
    # Without it S3 answers 403 for a missing key, and a deleted photo looks like a wrong policy.
    "s3 GetObject of nothing": {("s3:ListBucket", INPUT_BUCKET)},
    "s3 GetObject of a matte": {("s3:GetObject", MATTES)},
    "s3 GetObject of no matte": {("s3:ListBucket", OUTPUT_BUCKET)},
    "s3 PutObject": {("s3:PutObject", OUTPUT)},
    "s3 CreateMultipartUpload": {("s3:PutObject", OUTPUT)},
    "s3 UploadPart": {("s3:PutObject", OUTPUT)},
    "s3 CompleteMultipartUpload": {("s3:PutObject", OUTPUT)},
    "s3 AbortMultipartUpload": {("s3:AbortMultipartUpload", OUTPUT)},
    "events PutEvents": {("events:PutEvents", BUS)},
    "dynamodb PutItem": {("dynamodb:PutItem", TABLE)},
    "dynamodb UpdateItem": {("dynamodb:UpdateItem", TABLE)},
}

# What the words of `NEEDED` are in the template.
IN_TEMPLATE = {
    INPUT: [{"Fn::Sub": "${InputBucket.Arn}/*"}, {"Fn::Sub": "arn:${AWS::Partition}:s3:::${InputBucket}/*"}],
    INPUT_BUCKET: [{"Fn::GetAtt": ["InputBucket", "Arn"]}, {"Fn::Sub": "arn:${AWS::Partition}:s3:::${InputBucket}"}],
    OUTPUT: [{"Fn::Sub": "${OutputBucket.Arn}/*"}, {"Fn::Sub": "arn:${AWS::Partition}:s3:::${OutputBucket}/*"}],
    OUTPUT_BUCKET: [{"Fn::GetAtt": ["OutputBucket", "Arn"]}],
    MATTES: [{"Fn::Sub": "${OutputBucket.Arn}/*.mask.png"}],
    BUS: [{"Fn::GetAtt": ["ResultBus", "Arn"]}],
    TABLE: [{"Fn::GetAtt": ["IdempotencyTable", "Arn"]}],
}

# What AWS does in the name of a role of ours, with no code of ours.
LAMBDA = {
    ("sqs:ReceiveMessage", "ImageQueue"),
    ("sqs:DeleteMessage", "ImageQueue"),
    ("sqs:GetQueueAttributes", "ImageQueue"),
    ("sqs:SendMessage", "ImageDlq"),
    ("logs:CreateLogStream", "ImageLogGroup"),
    ("logs:PutLogEvents", "ImageLogGroup"),
}
UPLOAD_RULE = {
    ("batch:SubmitJob", "VideoJobQueue"),
    # Every revision of this one definition: during an update the rule may still name the one before.
    (
        "batch:SubmitJob",
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-definition/${AWS::StackName}-video:*",
    ),
}
BUDGET_RULES = {("states:StartExecution", "VideoHostSwitch")}
# S3 asks for these on a caller's behalf where the buckets have a key: to read, to write, and to write in parts.
BUCKET_KEY = {("kms:Decrypt", "KmsKeyArn"), ("kms:GenerateDataKey", "KmsKeyArn")}


@dataclass
class Stand:
    """What the code works on, and the calls that it made, by the names in `NEEDED`."""

    newer: Upload
    older: Upload
    calls: set[str] = field(default_factory=set)

    @property
    def needs(self) -> set[tuple[str, str]]:
        return set().union(*(NEEDED[name] for name in self.calls))

    def note(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        is_matte = is_of_matte(parameters) and operation == "GetObject"
        name = f"{service} {operation}{' of a version' if 'VersionId' in parameters else ' of a matte' * is_matte}"
        assert name in NEEDED, f"{name} is called, and the table doesn't say what it needs"
        self.calls.add(name)
        expected = {INPUT: ("Bucket", "inbox"), OUTPUT: ("Bucket", "outbox"), TABLE: ("TableName", "outcomes")}
        for parameter, value in (expected[where] for _, where in NEEDED[name] if where in expected):
            assert parameters[parameter] == value, name


def is_of_matte(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("Bucket") == "outbox" and parameters["Key"].endswith(".mask.png")


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch, s3: "S3Client") -> Stand:
    """Buckets, table and bus are there. From here on each call of any client is noted."""
    boto3.client("events").create_event_bus(Name="results")
    boto3.client("dynamodb").create_table(
        TableName="outcomes",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    versions = [s3.put_object(Bucket="inbox", Key="a.png", Body=photo(width))["VersionId"] for width in (50, 60)]
    older, newer = (Upload("inbox", "a.png", version) for version in versions)
    noted = Stand(newer, older)
    make: Any = BaseClient._make_api_call

    def noting(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        noted.note(client.meta.service_model.service_name, operation, parameters)
        try:
            return make(client, operation, parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                noted.calls.add(f"s3 GetObject of {'no matte' if is_of_matte(parameters) else 'nothing'}")
            raise

    monkeypatch.setattr(BaseClient, "_make_api_call", noting)
    return noted


def photo(width: int) -> bytes:
    pixels = np.zeros((60, 100, 3), np.uint8)
    pixels[10:50, 20 : 20 + width] = (250, 40, 30)
    return encode_png(pixels)


class Unwilling(ResultBus):
    def publish(self, decision: Decision) -> None:
        raise ResultBusUnavailable(f"It takes no {decision.detail_type}.")


class Breaking(Storage):
    """Its connection breaks in the midst of writing a file."""

    def put_file(self, *arguments: Any) -> None:
        def broken(_: int) -> None:
            raise StorageUnavailable("Broken off.")

        super().put_file(*arguments[:-1], broken)


def read_and_write(
    source: BinaryIO,
    _options: Options,
    _load_detector: object,
    _limits: VideoLimits,
    targets: Mapping[Output, Path],
    open_file: Callable[[str], BinaryIO],
    _progress: object,
) -> VideoResult:
    """In the place of the pipeline. Its outputs are large enough to go in parts."""
    assert source.read() == open_file("a.png").read() or source.tell()
    for path in targets.values():
        path.write_bytes(bytes(9 << 20))
    made = tuple(VideoRendition(output, path, "video/x", 2, 2) for output, path in targets.items())
    return VideoResult(made, Verdict(0, 0, 0, 0, 0), Report(1, 1, 0, 1, 1, 1, 0, ()), {})


def test_the_function_may_do_what_it_does_and_nothing_else(
    stand: Stand, flat: dict[str, Any], painted_detector: Detector
) -> None:
    def function(bus: ResultBus) -> ImageFunction:
        settings, claims = (
            ImageSettings("outbox", "results", "outcomes", NOWHERE),
            partial(claims_of, table, "outcomes"),
        )
        storage, metrics = Storage(boto3.client("s3")), Metrics("a", "photo")
        work = PhotoWork(settings, storage, lambda _: painted_detector)
        return ImageFunction(settings, storage, bus, claims, work, metrics)

    def answer(bus: ResultBus, upload: Upload) -> None:
        made = function(bus)
        made.answer(upload, made.turn("an invocation", lambda: 120, 1 << 30))

    bus, table = ResultBus(boto3.client("events"), "results"), boto3.client("dynamodb")
    with pytest.raises(ResultBusUnavailable):
        answer(Unwilling(boto3.client("events"), "results"), stand.newer)
    for upload in (stand.newer, stand.newer, stand.older, Upload("inbox", "nowhere.png")):
        answer(bus, upload)
    for outputs in ("png", "mask", "webp"):  # a stored matte is missed, made and found
        options = {"background": "key:a.png" if outputs == "png" else "white", "outputs": outputs, "matte": "stored"}
        answer(bus, Upload("inbox", "a.png", options=options))
    assert allowed(flat, "ImageFunctionRole") == stand.needs | LAMBDA


def test_the_job_may_do_what_it_does_and_nothing_else(
    stand: Stand, flat: dict[str, Any], painted_detector: Detector, tmp_path: Path
) -> None:
    def job(storage: Storage) -> VideoJob:
        claims = Claims(boto3.client("dynamodb"), "outcomes", "job-1")
        bus, metrics = ResultBus(boto3.client("events"), "results"), Metrics("a", "video")
        settings = VideoSettings("outbox", "results", "outcomes", NOWHERE, "job-1", "1")
        work = VideoWork(settings, storage, lambda _: painted_detector, read_and_write, tmp_path)
        return VideoJob(settings, bus, claims, metrics, work)

    with pytest.raises(StorageUnavailable):
        job(Breaking(boto3.client("s3"))).answer(stand.newer)
    for upload in (stand.newer, stand.newer, stand.older, Upload("inbox", "nowhere.mp4")):
        job(Storage(boto3.client("s3"))).answer(upload)
    assert allowed(flat, "VideoJobRole") == stand.needs


def test_the_code_calls_nothing_that_the_table_leaves_out() -> None:
    """Whether or not the runs above get there."""
    texts = [path.read_text() for name in ("functions", "layers") for path in (REPOSITORY / name).rglob("*.py")]
    called = {call for text in texts for call in re.findall(r"_client\.(\w+)\(", text)}
    assert called == {"get_object", "put_object", "upload_fileobj", "put_events", "put_item", "update_item"}
    assert {xform_name(name.split()[1]) for name in NEEDED} >= called - {"upload_fileobj"}


def test_rules_and_the_switch_may_do_what_they_are_made_for_and_nothing_else(flat: dict[str, Any]) -> None:
    definition = json.loads(flat["Resources"]["VideoHostSwitch"]["Properties"]["DefinitionString"]["Fn::Sub"])
    calls = {
        (each["Resource"].split(":aws-sdk:")[1], each["Parameters"]["ComputeEnvironment"].strip("${}"))
        for each in definition["States"].values()
    }
    assert calls == {("batch:updateComputeEnvironment", name) for name in ("VideoSpotHosts", "VideoOnDemandHosts")}
    assert allowed(flat, "VideoHostSwitchRole") == {("batch:UpdateComputeEnvironment", name) for _, name in calls}
    assert allowed(flat, "VideoUploadRuleRole") == UPLOAD_RULE
    assert allowed(flat, "VideoBudgetRuleRole") == BUDGET_RULES


def test_there_is_no_other_role_and_a_policy_of_aws_is_for_the_hosts_alone(flat: dict[str, Any]) -> None:
    roles = {name: each for name, each in flat["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    managed = {name: each["Properties"].get("ManagedPolicyArns") for name, each in roles.items()}
    assert set(managed) == {
        "ImageFunctionRole",
        "VideoJobRole",
        "VideoUploadRuleRole",
        "VideoBudgetRuleRole",
        "VideoHostSwitchRole",
        "VideoHostRole",
    }
    assert [name for name, policies in managed.items() if policies] == ["VideoHostRole"]
    assert allowed(flat, "VideoHostRole") == set()


def test_the_key_of_the_buckets_may_be_used_only_where_there_is_one(flat: dict[str, Any]) -> None:
    policies = {name: each for name, each in flat["Resources"].items() if each["Type"] == "AWS::IAM::Policy"}
    assert set(policies) == {"ImageFunctionKmsPolicy", "VideoJobKmsPolicy"}
    for policy in policies.values():
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        assert pairs([statement]) == BUCKET_KEY
        assert policy["Condition"].endswith("HasKmsKey")


def test_no_action_is_a_pattern_and_no_statement_is_about_everything(flat: dict[str, Any]) -> None:
    for resource in flat["Resources"].values():
        policies = [resource.get("Properties", {}), *resource.get("Properties", {}).get("Policies", [])]
        documents = [policy["PolicyDocument"] for policy in policies if "PolicyDocument" in policy]
        for statement in (each for document in documents for each in document["Statement"]):
            if statement["Effect"] == "Allow":
                assert not [action for action in as_list(statement["Action"]) if "*" in action]
                assert "*" not in as_list(statement["Resource"])


# ---------------------------------------------------------------- reading the template


@pytest.fixture(scope="module")
def flat() -> dict[str, Any]:
    return flatten(REPOSITORY / "template.yaml")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(flat: Mapping[str, Any], role: str) -> set[tuple[str, str]]:
    policies = flat["Resources"][role]["Properties"].get("Policies", [])
    return pairs(statement for policy in policies for statement in policy["PolicyDocument"]["Statement"])


def pairs(statements: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Each action with each of its resources."""
    return {
        (action, named(resource))
        for statement in statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def named(resource: Any) -> str:
    """A resource by its name in the template, or by the words of `NEEDED`."""
    for words, forms in IN_TEMPLATE.items():
        if plain(resource) in map(plain, forms):
            return words
    match resource:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return name
        case {"Fn::Sub": str(text)}:
            return text
    raise AssertionError(f"what is {resource}?")


def plain(resource: Any) -> Any:
    """Fn::Sub without the variables that laying flat has given it: they stand for what they are called."""
    match resource:
        case {"Fn::Sub": [str(text), dict(variables)]}:
            assert all(value == {"Ref": name} for name, value in variables.items())
            return {"Fn::Sub": text}
    return resource
