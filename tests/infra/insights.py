"""As much of CloudWatch Logs Insights as the template's query uses, on lines of a log."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

TERM = re.compile(r'(?P<field>\S+) = "(?P<value>.*)"|ispresent\((?P<present>\S+)\)')


def answer(query: str, lines: Iterable[str]) -> list[Mapping[str, Any]]:
    """The lines that `query` finds, in its order. Lines that aren't JSON have no fields, as on CloudWatch."""
    found: list[Mapping[str, Any]] = [json.loads(line) for line in lines if line.startswith("{")]
    for command in (part.strip() for part in query.split("\n|")):
        match command.split(maxsplit=1):
            case ["fields", _]:
                pass
            case ["filter", terms]:
                for term in terms.split(" and "):
                    found = [line for line in found if holds(term, line)]
            case ["sort", "@timestamp asc"]:
                found.sort(key=lambda line: line["timestamp"])
            case _:
                raise ValueError(f"this query says more than is known here: {command}")
    return found


def holds(term: str, line: Mapping[str, Any]) -> bool:
    match = TERM.fullmatch(term)
    if match is None:
        raise ValueError(f"this filter says more than is known here: {term}")
    if match["present"]:
        return match["present"] in line
    return bool(line.get(match["field"]) == match["value"])
