"""What EventBridge makes of an event by the input transformer of a rule's target."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLACEHOLDER = re.compile(r"<([A-Za-z0-9]+)>")


class TransformError(Exception):
    """The event lacks what the transformer takes from it, or the result is not JSON."""


@dataclass(frozen=True)
class InputTransformer:
    """`paths`: where in the event each placeholder's value is, as `$.detail.object.key`. `template`: JSON."""

    paths: Mapping[str, str]
    template: str

    def apply(self, event: Mapping[str, Any]) -> Any:
        """The template with the event's values in it, decoded. Placeholders stand outside of quotes.

        Raises:
            TransformError: a value is missing, or the result can't be decoded.
        """

        def value_of(placeholder: re.Match[str]) -> str:
            return json.dumps(_find(event, self.paths[placeholder[1]]))

        text = PLACEHOLDER.sub(value_of, self.template)
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise TransformError(f"the input transformer makes no JSON: {text}") from error


def _find(event: Mapping[str, Any], path: str) -> Any:
    found: Any = event
    for name in path.removeprefix("$.").split("."):
        if not isinstance(found, Mapping) or name not in found:
            raise TransformError(f"the event has no {path}")
        found = found[name]
    return found
