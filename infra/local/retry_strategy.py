"""Whether AWS Batch tries a job again: the retry strategy of a job definition.

The rules are those of https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. `exit_code` is None where there was no container to exit."""

    exit_code: int | None
    reason: str = ""
    status_reason: str = ""


@dataclass(frozen=True)
class ExitRule:
    """One entry of evaluateOnExit. It matches where all of its patterns do; an absent one is `*`."""

    retries: bool
    exit_code: str = "*"
    reason: str = "*"
    status_reason: str = "*"

    def __post_init__(self) -> None:
        for pattern in (self.exit_code, self.reason, self.status_reason):
            if "*" in pattern[:-1]:
                raise ValueError(f"a pattern may end with an asterisk and has no other, not {pattern!r}")

    def matches(self, end: AttemptEnd) -> bool:
        exit_code = "" if end.exit_code is None else str(end.exit_code)
        pairs = ((self.exit_code, exit_code), (self.reason, end.reason), (self.status_reason, end.status_reason))
        return all(_matches(pattern, text) for pattern, text in pairs)


@dataclass(frozen=True)
class RetryStrategy:
    """`attempts`: at most so many runs. The first of the `rules` that matches decides, else it is tried again."""

    attempts: int
    rules: Sequence[ExitRule]

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= 10:
            raise ValueError(f"a job has 1 to 10 attempts, not {self.attempts}")

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """Reads the `retryStrategy` that AWS Batch describes a job definition with."""
        return cls(
            attempts=int(description["attempts"]),
            rules=tuple(
                ExitRule(
                    retries=entry["action"].upper() == "RETRY",
                    exit_code=entry.get("onExitCode", "*"),
                    reason=entry.get("onReason", "*"),
                    status_reason=entry.get("onStatusReason", "*"),
                )
                for entry in description["evaluateOnExit"]
            ),
        )

    def retries(self, attempt: int, end: AttemptEnd) -> bool:
        """Whether there is another attempt after attempt number `attempt`, from 1, that failed."""
        if attempt >= self.attempts:
            return False
        return next((rule.retries for rule in self.rules if rule.matches(end)), True)


def _matches(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
