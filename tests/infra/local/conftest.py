import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.template import load

TOY_FUNCTION = Path(__file__).parent / "toy_function"


@dataclass(frozen=True)
class Toy:
    """The embedded AWS with the toy function in place of the project's, and the file that it writes down events in."""

    aws: EmbeddedAws
    record: Path

    def batches(self) -> list[list[dict[str, Any]]]:
        """The SQS records that the function received, invocation by invocation."""
        events = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [event["Records"] for event in events if "Records" in event]

    def deliveries(self, key: str) -> list[dict[str, Any]]:
        """The SQS records about one key, in the order they were received."""
        return [
            record
            for batch in self.batches()
            for record in batch
            if json.loads(record["body"])["detail"]["object"]["key"] == key
        ]

    def upload(self, key: str, body: bytes = b"photo", **options: Any) -> str:
        """The version of the new object."""
        answer = self.aws.client("s3").put_object(Bucket=self.aws.outputs["InputBucket"], Key=key, Body=body, **options)
        version: str = answer["VersionId"]
        return version


@pytest.fixture(scope="session")
def quick_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own template, in which a timeout of 2 s may be chosen beside those on offer."""
    template = load(REPOSITORY / "template.yaml")
    template["Parameters"]["ImageTimeoutSeconds"]["AllowedValues"].append(2)
    template["Mappings"]["QueueTimes"]["2"] = {"VisibilitySeconds": 12, "BacklogSeconds": 36}
    path = tmp_path_factory.mktemp("template") / "template.json"
    path.write_text(json.dumps(template))
    return path


@pytest.fixture(scope="module")
def toy(quick_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    record = tmp_path_factory.mktemp("toy") / "record"
    record.touch()
    aws = EmbeddedAws(
        template=quick_template,
        parameters={"ImageTimeoutSeconds": "2", "ImageBatchSize": "10", "DefaultModel": "u2netp"},
        function_environment={"TOY_RECORD": str(record)},
        function_folder=TOY_FUNCTION,
        retry_delay_seconds=0,
    )
    with aws:
        yield Toy(aws, record)
