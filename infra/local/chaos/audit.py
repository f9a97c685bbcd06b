"""What must hold at the end. Pure functions of what was found: none of them asks AWS anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cutout.claim import TOLD
from infra.local.chaos.plan import REMOVED
from infra.local.outcomes import OutcomeEvent

Identity = tuple[str, str | None]
"""Key and version of an upload."""


@dataclass(frozen=True)
class Uploaded:
    """An upload that was made, and the outcomes that are right for it."""

    key: str
    version: str
    expected: frozenset[str]

    @property
    def identity(self) -> Identity:
        return self.key, self.version


@dataclass(frozen=True)
class Heard(OutcomeEvent):
    """One event on the result bus, as a statement on one upload."""

    @property
    def identity(self) -> Identity:
        return self.detail["upload"]["key"], self.detail["upload"]["version"]

    @property
    def outcome(self) -> str:
        """`REMOVED`, or the code of the refusal."""
        return REMOVED if self.is_removed else self.detail["error"]["code"]


@dataclass(frozen=True)
class Row:
    """One row of the table of outcomes. `decision` is what it holds, None before there is one."""

    identifier: str
    status: str
    decision: Heard | None


@dataclass(frozen=True)
class Stored:
    """One version of an object in the output bucket. `is_whole`: it can be decoded to its end."""

    key: str
    source_version: str
    size_bytes: int
    is_whole: bool


@dataclass(frozen=True)
class Evidence:
    uploads: Sequence[Uploaded]
    heard: Sequence[Heard]
    rows: Sequence[Row]
    stored: Sequence[Stored]
    dead: Sequence[Identity]


class Kind(StrEnum):
    LOST = "lost"
    DOUBLED = "doubled"
    CHANGED = "told again with another content"
    WRONG = "wrong outcome"
    STRANGE = "outcome of no upload"
    HALF = "half-written output"
    MISSING = "output missing"
    ROW = "inconsistent row"
    DEAD = "in a dead-letter queue although it has its outcome"


@dataclass(frozen=True)
class Violation:
    kind: Kind
    identity: Identity
    text: str


def violations(evidence: Evidence) -> list[Violation]:
    return [
        *lost(evidence),
        *doubled(evidence),
        *wrong(evidence),
        *half_written(evidence),
        *missing(evidence),
        *inconsistent(evidence),
        *dead_with_outcome(evidence),
    ]


def lost(evidence: Evidence) -> Iterator[Violation]:
    """Neither told nor kept where somebody looks."""
    known = {heard.identity for heard in evidence.heard} | set(evidence.dead)
    for upload in evidence.uploads:
        if upload.identity not in known:
            yield Violation(Kind.LOST, upload.identity, "no outcome, and in no dead-letter queue")


def doubled(evidence: Evidence) -> Iterator[Violation]:
    """Decided twice; or told twice in different words."""
    first: dict[Identity, Heard] = {}
    for heard in evidence.heard:
        before = first.setdefault(heard.identity, heard)
        if before.detail["outcome_id"] != heard.detail["outcome_id"]:
            yield Violation(Kind.DOUBLED, heard.identity, f"{before.outcome}, then {heard.outcome}")
        elif before != heard:
            yield Violation(Kind.CHANGED, heard.identity, f"{before.detail}, then {heard.detail}")


def wrong(evidence: Evidence) -> Iterator[Violation]:
    expected = {upload.identity: upload.expected for upload in evidence.uploads}
    for heard in evidence.heard:
        if heard.identity not in expected:
            yield Violation(Kind.STRANGE, heard.identity, heard.outcome)
        elif heard.outcome not in expected[heard.identity]:
            yield Violation(Kind.WRONG, heard.identity, f"{heard.outcome}, not {sorted(expected[heard.identity])}")


def half_written(evidence: Evidence) -> Iterator[Violation]:
    for stored in evidence.stored:
        if not stored.is_whole:
            yield Violation(Kind.HALF, (stored.key, stored.source_version), f"{stored.size_bytes} bytes")


def missing(evidence: Evidence) -> Iterator[Violation]:
    """An outcome names outputs. They are there, of this version and size."""
    there = {(stored.key, stored.source_version, stored.size_bytes) for stored in evidence.stored}
    for heard in evidence.heard:
        for output in heard.detail.get("outputs", ()):
            if (output["key"], heard.identity[1], output["size_bytes"]) not in there:
                yield Violation(Kind.MISSING, heard.identity, output["key"])


def inconsistent(evidence: Evidence) -> Iterator[Violation]:
    """Each outcome that was told is in one row, as it was told, and no row is left at work."""
    told = {heard.identity: heard for heard in evidence.heard}
    seen: set[Identity] = set()
    for row in evidence.rows:
        if row.status != TOLD or row.decision is None:
            yield Violation(Kind.ROW, (row.identifier, None), f"left as {row.status}")
            continue
        identity = row.decision.identity
        if identity in seen:
            yield Violation(Kind.ROW, identity, "it has two rows")
        elif told.get(identity) != row.decision:
            yield Violation(Kind.ROW, identity, f"{row.decision.outcome} is kept and was not told")
        seen.add(identity)
    for identity in told.keys() - seen:
        yield Violation(Kind.ROW, identity, "it was told and has no row")


def dead_with_outcome(evidence: Evidence) -> Iterator[Violation]:
    told = {heard.identity for heard in evidence.heard}
    for identity in evidence.dead:
        if identity in told:
            yield Violation(Kind.DEAD, identity, "nothing is left to be done")
