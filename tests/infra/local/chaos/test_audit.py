"""If these fail, chaos reports that all is well where something was lost, doubled or half-written."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra.local.chaos.audit import Evidence, Heard, Kind, Row, Stored, Uploaded, violations
from infra.local.chaos.plan import REMOVED


def removed(version: str = "v1", outcome_id: str = "1", size_bytes: int = 9) -> Heard:
    output = {"key": "a.jpg.png", "size_bytes": size_bytes}
    upload = {"key": "a.jpg", "version": version}
    return Heard(REMOVED, {"outcome_id": outcome_id, "upload": upload, "outputs": [output]})


def refused(code: str, version: str = "v2", outcome_id: str = "2") -> Heard:
    upload = {"key": "a.jpg", "version": version}
    detail = {"outcome_id": outcome_id, "upload": upload, "error": {"code": code}}
    return Heard("Background Removal Failed", detail)


SOUND = Evidence(
    uploads=(
        Uploaded("a.jpg", "v1", frozenset({REMOVED})),
        Uploaded("a.jpg", "v2", frozenset({"empty_file"})),
        Uploaded("b.jpg", "v1", frozenset({REMOVED})),
    ),
    heard=(removed(), removed(), refused("empty_file")),
    rows=(Row("photo#1", "TOLD", removed()), Row("photo#2", "TOLD", refused("empty_file"))),
    stored=(Stored("a.jpg.png", "v1", 9, True), Stored("a.jpg.png", "v1", 9, True)),
    dead=(("b.jpg", "v1"), ("b.jpg", "v1")),
)


def changed(**fields: Any) -> Callable[[], Evidence]:
    return lambda: replace(SOUND, **fields)


def test_what_is_sound_is_found_sound() -> None:
    """An outcome that is told again, an output that is written again, and a letter that waits are no violations."""
    assert violations(SOUND) == []


@pytest.mark.parametrize(
    ("evidence", "kinds"),
    [
        (changed(dead=()), {Kind.LOST}),
        (changed(heard=SOUND.heard[:2]), {Kind.LOST, Kind.ROW}),
        (changed(heard=(*SOUND.heard, removed(outcome_id="3"))), {Kind.DOUBLED, Kind.ROW}),
        (changed(heard=(*SOUND.heard, refused("object_deleted", "v1", "3"))), {Kind.DOUBLED, Kind.WRONG, Kind.ROW}),
        (changed(heard=(removed(size_bytes=8), *SOUND.heard)), {Kind.CHANGED, Kind.MISSING}),
        (changed(heard=(*SOUND.heard[:2], refused("no_subject"))), {Kind.WRONG, Kind.ROW}),
        (changed(heard=(*SOUND.heard, removed("v9", "9"))), {Kind.STRANGE, Kind.MISSING, Kind.ROW}),
        (changed(stored=(replace(SOUND.stored[0], is_whole=False),)), {Kind.HALF}),
        (changed(stored=(replace(SOUND.stored[0], size_bytes=8),)), {Kind.MISSING}),
        (changed(stored=(replace(SOUND.stored[0], source_version="v2"),)), {Kind.MISSING}),
        (changed(stored=()), {Kind.MISSING}),
        (changed(rows=SOUND.rows[:1]), {Kind.ROW}),
        (changed(rows=(*SOUND.rows, Row("photo#3", "CLAIMED", None))), {Kind.ROW}),
        (changed(rows=(replace(SOUND.rows[0], status="DECIDED"), SOUND.rows[1])), {Kind.ROW}),
        (changed(rows=(*SOUND.rows, Row("photo#3", "TOLD", removed()))), {Kind.ROW}),
        (changed(rows=(Row("photo#1", "TOLD", removed(size_bytes=8)), SOUND.rows[1])), {Kind.ROW}),
        (changed(dead=(("b.jpg", "v1"), ("a.jpg", "v1"))), {Kind.DEAD}),
    ],
)
def test_each_violation_is_found_and_no_other(evidence: Callable[[], Evidence], kinds: set[Kind]) -> None:
    assert {violation.kind for violation in violations(evidence())} == kinds
