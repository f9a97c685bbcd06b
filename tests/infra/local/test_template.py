"""The translation that `make check` lints. If it is wrong, a template that AWS refuses passes here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.aws import REPOSITORY
from infra.local.template import load, main, translate

TEMPLATE = REPOSITORY / "template.yaml"


def test_nothing_of_sam_is_left() -> None:
    translated = translate(TEMPLATE)

    types = {resource["Type"] for resource in translated["Resources"].values()}
    assert "AWS::Lambda::Function" in types
    assert "AWS::Lambda::EventSourceMapping" in types
    assert not any(kind.startswith("AWS::Serverless") for kind in types)
    assert "Transform" not in translated


def test_the_template_itself_names_no_image() -> None:
    assert "ImageUri" not in load(TEMPLATE)["Resources"]["ImageFunction"]["Properties"]
    assert translate(TEMPLATE)["Resources"]["ImageFunction"]["Properties"]["Code"]["ImageUri"]


def test_the_command_prints_json_and_needs_no_aws_settings() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "infra.local.template", str(TEMPLATE)],
        capture_output=True,
        check=True,
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    assert json.loads(run.stdout) == translate(TEMPLATE)


def test_a_second_translation_is_as_quiet_as_the_first(caplog: pytest.LogCaptureFixture) -> None:
    translate(TEMPLATE)
    translate(TEMPLATE)

    assert caplog.records == []


def test_the_command_without_a_template_says_how_to_call_it() -> None:
    assert main([]) == 2


def test_short_forms_are_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Name}}}")

    assert load(path)["Resources"]["Queue"]["Properties"]["QueueName"] == {"Ref": "Name"}
