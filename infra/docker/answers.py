"""Reading what a function under the emulator answers. The emulator calls a handler that fails a success."""

import json
from typing import Any

JsonValue = Any


class HandlerFailed(Exception):
    """The function raised, timed out or could not be loaded. The message holds all that it said of it."""


def answer(text: str) -> JsonValue:
    """What the handler returned, as JSON carries it.

    Raises:
        HandlerFailed: `text` is Lambda's report of an error, or nothing that a handler returns.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise HandlerFailed(f"the answer is not JSON: {text[:2000]!r}") from error
    if isinstance(value, dict) and "errorType" in value:
        trace = "\n".join(value.get("stackTrace") or ())
        raise HandlerFailed(f"{value['errorType']}: {value.get('errorMessage')}\n{trace}")
    return value


def settled(text: str) -> JsonValue:
    """As `answer`, for a function that had work which it can finish.

    Raises:
        HandlerFailed: also where messages go back to their queue.
    """
    value = answer(text)
    if isinstance(value, dict) and value.get("batchItemFailures"):
        raise HandlerFailed(f"messages go back to the queue: {value['batchItemFailures']}")
    return value
