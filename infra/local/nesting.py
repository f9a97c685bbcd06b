"""Nested stacks laid flat: one template that creates what a template and its nested stacks create together."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.template import load

STACK = "AWS::CloudFormation::Stack"

# A reference in the text of Fn::Sub: ${Name} or ${Name.Attribute}, but not the literal ${!Name}.
SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9:]+)(\.[A-Za-z0-9.]+)?\}")


class NestingError(Exception):
    """A nested template has something that can't be laid flat."""


def flatten(path: Path) -> dict[str, Any]:
    """The template at `path`, in which each nested stack has given way to its resources.

    A resource `Job` of the stack `Video` is called `VideoJob`. The nested parameters give way to what the stack passes,
    its outputs to what they stand for. Templates are found beside the one that nests them.

    Raises:
        NestingError: a nested template transforms, has rules or outputs under a condition, or a name is taken.
    """
    template = load(path)
    outputs: dict[str, dict[str, Any]] = {}
    for name in [name for name, resource in template["Resources"].items() if resource["Type"] == STACK]:
        stack = template["Resources"].pop(name)
        nested = _NestedStack(name, stack, flatten(path.parent / stack["Properties"]["TemplateURL"]))
        _add(template, "Resources", nested.resources())
        _add(template, "Conditions", nested.conditions())
        _add(template, "Mappings", nested.mappings())
        outputs[name] = nested.outputs()
    resolved: dict[str, Any] = _with_outputs(template, outputs)
    return resolved


class _NestedStack:
    """The nested template in the words of the template around it."""

    def __init__(self, name: str, stack: Mapping[str, Any], template: Mapping[str, Any]) -> None:
        unknown = sorted(template.keys() & {"Transform", "Rules"})
        if unknown:
            raise NestingError(f"the nested stack {name} has {', '.join(unknown)}")
        self._name = name
        self._condition = stack.get("Condition")
        self._passed = stack["Properties"].get("Parameters", {})
        self._template = template

    def resources(self) -> dict[str, Any]:
        return {self._name + name: self._resource(each) for name, each in self._template["Resources"].items()}

    def conditions(self) -> dict[str, Any]:
        """Each holds only where the stack itself would be created."""
        found = {self._name + name: self._rewrite(each) for name, each in self._template.get("Conditions", {}).items()}
        if self._condition is None:
            return found
        return {name: {"Fn::And": [{"Condition": self._condition}, each]} for name, each in found.items()}

    def mappings(self) -> dict[str, Any]:
        return {self._name + name: each for name, each in self._template.get("Mappings", {}).items()}

    def outputs(self) -> dict[str, Any]:
        outputs = self._template.get("Outputs", {})
        if any("Condition" in output for output in outputs.values()):
            raise NestingError(f"the nested stack {self._name} has an output under a condition")
        return {name: self._rewrite(output["Value"]) for name, output in outputs.items()}

    def _resource(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        rewritten = {key: self._rewrite(value) for key, value in resource.items()}
        if "Condition" in resource:
            rewritten["Condition"] = self._name + resource["Condition"]
        elif self._condition is not None:
            rewritten["Condition"] = self._condition
        if "DependsOn" in resource:
            awaited = resource["DependsOn"]
            names = [awaited] if isinstance(awaited, str) else awaited
            rewritten["DependsOn"] = [self._name + name for name in names]
        return rewritten

    def _rewrite(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), *attribute]}:
                return {"Fn::GetAtt": [self._name + name, *attribute]}
            case {"Fn::Sub": str(text)}:
                return self._substitution(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._substitution(text, variables)
            case {"Fn::If": [str(name), *branches]}:
                return {"Fn::If": [self._name + name, *map(self._rewrite, branches)]}
            case {"Fn::FindInMap": [str(name), *keys]}:
                return {"Fn::FindInMap": [self._name + name, *map(self._rewrite, keys)]}
            case {"Condition": str(name)} if len(value) == 1:
                return {"Condition": self._name + name}
            case dict():
                return {key: self._rewrite(each) for key, each in value.items()}
            case list():
                return [self._rewrite(each) for each in value]
        return value

    def _reference(self, name: str) -> Any:
        if name in self._template["Resources"]:
            return {"Ref": self._name + name}
        parameter = self._template.get("Parameters", {}).get(name)
        if parameter is None:
            return {"Ref": name}
        passed = self._passed[name] if name in self._passed else parameter["Default"]
        return {"Fn::Split": [",", passed]} if parameter["Type"] == "CommaDelimitedList" else passed

    def _substitution(self, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        rewritten = {name: self._rewrite(value) for name, value in variables.items()}

        def renamed(found: re.Match[str]) -> str:
            name, attribute = found[1], found[2] or ""
            if name in self._template.get("Parameters", {}) and name not in variables:
                rewritten[name] = self._reference(name)
            in_stack = name in self._template["Resources"] and name not in variables
            return f"${{{self._name if in_stack else ''}{name}{attribute}}}"

        text = SUBSTITUTED.sub(renamed, text)
        return {"Fn::Sub": [text, rewritten] if rewritten else text}


def _add(template: dict[str, Any], section: str, entries: Mapping[str, Any]) -> None:
    there = template.setdefault(section, {})
    taken = sorted(entries.keys() & (there.keys() | template.get("Parameters", {}).keys()))
    if taken:
        raise NestingError(f"{section} of the template has {', '.join(taken)} already")
    there.update(entries)


def _with_outputs(value: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    """`value` with what the stacks' outputs stand for in their place."""
    match value:
        case {"Fn::GetAtt": [str(stack), str(attribute)]} if stack in outputs:
            return _with_outputs(outputs[stack][attribute.removeprefix("Outputs.")], outputs)
        case dict():
            return {key: _with_outputs(each, outputs) for key, each in value.items()}
        case list():
            return [_with_outputs(each, outputs) for each in value]
    return value
