"""What the embedded AWS makes of nested stacks. If this is wrong, tests prove nothing about the nested templates."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import REPOSITORY
from infra.local.nesting import STACK, NestingError, flatten

PARENT: dict[str, Any] = {
    "Parameters": {"Names": {"Type": "String"}},
    "Conditions": {"On": {"Fn::Equals": [{"Ref": "Names"}, "x"]}},
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Half": {
            "Type": STACK,
            "Condition": "On",
            "Properties": {"TemplateURL": "half.json", "Parameters": {"Bucket": {"Ref": "Bucket"}, "Names": "a,b"}},
        },
    },
    "Outputs": {"Queue": {"Value": {"Fn::GetAtt": ["Half", "Outputs.Queue"]}}},
}


def flat(folder: Path, half: dict[str, Any], parent: dict[str, Any] = PARENT) -> dict[str, Any]:
    (folder / "half.json").write_text(json.dumps(half))
    (folder / "template.json").write_text(json.dumps(parent))
    return flatten(folder / "template.json")


def rewritten(folder: Path, expression: Any) -> Any:
    """What becomes of an expression in a nested resource."""
    half = {
        "Parameters": {
            "Bucket": {"Type": "String"},
            "Names": {"Type": "CommaDelimitedList"},
            "Absent": {"Type": "Number", "Default": 3},
        },
        "Mappings": {"Map": {"3": {"Value": 9}}},
        "Conditions": {"Any": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Bucket"}, ""]}]}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Value": expression}}},
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
    }
    return flat(folder, half)["Resources"]["HalfQueue"]["Properties"]["Value"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Ref": "Queue"}, {"Ref": "HalfQueue"}),
        ({"Ref": "Bucket"}, {"Ref": "Bucket"}),
        ({"Ref": "Names"}, {"Fn::Split": [",", "a,b"]}),
        ({"Ref": "Absent"}, 3),
        ({"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["HalfQueue", "Arn"]}),
        ({"Fn::If": ["Any", {"Ref": "Queue"}, 1]}, {"Fn::If": ["HalfAny", {"Ref": "HalfQueue"}, 1]}),
        ({"Fn::FindInMap": ["Map", {"Ref": "Absent"}, "Value"]}, {"Fn::FindInMap": ["HalfMap", 3, "Value"]}),
        (
            {"Fn::Sub": "${Queue.Arn} ${AWS::Region} ${!Queue}"},
            {"Fn::Sub": "${HalfQueue.Arn} ${AWS::Region} ${!Queue}"},
        ),
        ({"Fn::Sub": "arn:${Bucket}/*"}, {"Fn::Sub": ["arn:${Bucket}/*", {"Bucket": {"Ref": "Bucket"}}]}),
        (
            {"Fn::Sub": ["${Queue}${x}", {"x": {"Ref": "Queue"}}]},
            {"Fn::Sub": ["${HalfQueue}${x}", {"x": {"Ref": "HalfQueue"}}]},
        ),
        ({"Condition": {"Bool": {"a": {"Ref": "Queue"}}}}, {"Condition": {"Bool": {"a": {"Ref": "HalfQueue"}}}}),
        ([{"a": [{"Ref": "Queue"}]}, "Queue"], [{"a": [{"Ref": "HalfQueue"}]}, "Queue"]),
    ],
)
def test_an_expression_keeps_its_meaning(tmp_path: Path, expression: Any, expected: Any) -> None:
    assert rewritten(tmp_path, expression) == expected


def test_a_nested_condition_holds_only_where_the_stack_would_be_created(tmp_path: Path) -> None:
    half = {
        "Parameters": {"Bucket": {"Type": "String"}, "Names": {"Type": "String"}},
        "Conditions": {"Own": {"Fn::Equals": [{"Ref": "Names"}, ""]}, "Other": {"Fn::Not": [{"Condition": "Own"}]}},
        "Resources": {
            "Always": {"Type": "AWS::SQS::Queue"},
            "Sometimes": {"Type": "AWS::SQS::Queue", "Condition": "Own", "DependsOn": "Always"},
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Always"}}},
    }
    result = flat(tmp_path, half)

    assert result["Resources"]["HalfAlways"]["Condition"] == "On"
    assert result["Resources"]["HalfSometimes"]["Condition"] == "HalfOwn"
    assert result["Resources"]["HalfSometimes"]["DependsOn"] == ["HalfAlways"]
    assert result["Conditions"]["HalfOwn"] == {"Fn::And": [{"Condition": "On"}, {"Fn::Equals": ["a,b", ""]}]}
    assert result["Conditions"]["HalfOther"] == {
        "Fn::And": [{"Condition": "On"}, {"Fn::Not": [{"Condition": "HalfOwn"}]}]
    }
    assert result["Outputs"]["Queue"]["Value"] == {"Ref": "HalfAlways"}


@pytest.mark.parametrize(
    ("half", "message"),
    [
        ({"Transform": "AWS::Serverless-2016-10-31", "Resources": {}}, "Half has Transform"),
        ({"Rules": {}, "Resources": {}}, "Half has Rules"),
        ({"Resources": {}, "Outputs": {"Queue": {"Condition": "On", "Value": 1}}}, "an output under a condition"),
        ({"Resources": {"Way": {"Type": "AWS::SQS::Queue"}}}, "HalfWay already"),
    ],
)
def test_what_cannot_be_laid_flat_is_refused(tmp_path: Path, half: dict[str, Any], message: str) -> None:
    resources = {**PARENT["Resources"], "HalfWay": {"Type": "AWS::SQS::Queue"}}
    with pytest.raises(NestingError, match=message):
        flat(tmp_path, half, {**PARENT, "Resources": resources})


def test_of_the_projects_templates_nothing_refers_to_what_is_not_there() -> None:
    template = flatten(REPOSITORY / "template.yaml")
    known = template["Resources"].keys() | template["Parameters"].keys()

    assert STACK not in {resource["Type"] for resource in template["Resources"].values()}
    assert [name for name in referred(template) if name not in known and not name.startswith("AWS::")] == []


def referred(value: Any) -> list[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return [name]
        case dict():
            return [name for each in value.values() for name in referred(each)]
        case list():
            return [name for each in value for name in referred(each)]
    return []
