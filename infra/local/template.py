"""The SAM template as data, and what AWS makes of it: plain CloudFormation. No call leaves the machine.

`python -m infra.local.template template.yaml` prints the translation as JSON.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from infra.local.session import local_session

# `sam build` writes the address of the image that it built into the function, and `sam deploy` that of each nested
# template that it uploaded into its stack.
UNBUILT_IMAGE = "unbuilt-image:latest"
NOT_UPLOADED = "https://not-uploaded.invalid/"


def load(path: Path) -> dict[str, Any]:
    """The template as written, with the short forms (`!Ref`) spelled out (`{"Ref": ...}`)."""
    template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def translate(path: Path) -> dict[str, Any]:
    """Plain CloudFormation: every `AWS::Serverless::*` resource replaced by what it stands for.

    Raises `samtranslator.model.exceptions.InvalidDocumentException` if SAM refuses the template.
    """
    template = load(path)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = NOT_UPLOADED + resource["Properties"]["TemplateURL"]
    return translated(template)


def translated(template: dict[str, Any]) -> dict[str, Any]:
    """`translate` for a template that is loaded already."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and resource["Properties"].get("PackageType") == "Image":
            resource["Properties"].setdefault("ImageUri", UNBUILT_IMAGE)
    translator = Translator(
        managed_policy_map={},
        sam_parser=Parser(),
        boto_session=local_session(),
    )
    result: dict[str, Any] = translator.translate(sam_template=template, parameter_values={})
    # Its counters go nowhere, but it warns of those that were not published.
    translator.metrics.publish()
    return result


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m infra.local.template TEMPLATE\n")
        return 2
    sys.stdout.write(json.dumps(translate(Path(arguments[0])), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
