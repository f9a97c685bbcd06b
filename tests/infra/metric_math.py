"""As much of CloudWatch's metric math as the template's alarms use."""

from collections.abc import Mapping
from typing import Any


def evaluate(alarm: Mapping[str, Any], parameters: Mapping[str, object], values: Mapping[str, float | None]) -> float:
    """What `alarm` compares with its threshold, where its metrics, by their ids, have these `values` in one period.

    None is a metric without data. `parameters` are those that Fn::Sub puts into the expression.
    """
    (expression,) = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    assert {each["Id"] for each in alarm["Metrics"] if "MetricStat" in each} == values.keys()
    text = expression["Fn::Sub"] if isinstance(expression, dict) else expression
    text = text[0] if isinstance(text, list) else text
    for name, value in parameters.items():
        text = text.replace(f"${{{name}}}", str(value))
    functions = {
        "FILL": lambda value, filling: filling if value is None else value,
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
    }
    result: float = eval(text, {"__builtins__": {}}, {**functions, **values})  # noqa: S307 - our own template
    return result
