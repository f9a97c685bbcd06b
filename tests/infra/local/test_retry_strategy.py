"""If these fail, a job is retried here that AWS gives up, or the other way about."""

from collections.abc import Callable

import pytest

from infra.local.retry_strategy import AttemptEnd, ExitRule, RetryStrategy

RETRY_75 = ExitRule(retries=True, exit_code="75")
EXIT = ExitRule(retries=False)


def test_the_first_rule_that_matches_decides() -> None:
    assert RetryStrategy(5, (RETRY_75, EXIT)).retries(1, AttemptEnd(75))
    assert not RetryStrategy(5, (EXIT, RETRY_75)).retries(1, AttemptEnd(75))
    assert not RetryStrategy(5, (RETRY_75, EXIT)).retries(1, AttemptEnd(76))


@pytest.mark.parametrize("rules", [(), (ExitRule(retries=False, exit_code="1"),)])
def test_where_no_rule_matches_the_job_is_tried_again(rules: tuple[ExitRule, ...]) -> None:
    assert RetryStrategy(2, rules).retries(1, AttemptEnd(3))


def test_the_last_attempt_is_the_last() -> None:
    strategy = RetryStrategy(3, (RETRY_75,))
    assert [strategy.retries(attempt, AttemptEnd(75)) for attempt in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("end", "matches"),
    [
        (AttemptEnd(1, "Out", "Host EC2 (i-1) terminated."), True),
        (AttemptEnd(1, "Out", "The host EC2"), False),
        (AttemptEnd(2, "Out", "Host EC2"), False),
        (AttemptEnd(1, "Outer", "Host EC2"), False),
        (AttemptEnd(None, "Out", "Host EC2"), False),
    ],
)
def test_a_rule_matches_where_all_of_its_patterns_do(end: AttemptEnd, matches: bool) -> None:
    rule = ExitRule(retries=True, exit_code="1", reason="Out", status_reason="Host EC2*")
    assert rule.matches(end) is matches


def test_it_is_read_as_batch_describes_it_whatever_the_case_of_its_actions() -> None:
    described = {
        "attempts": 4,
        "evaluateOnExit": [{"action": "retry", "onExitCode": "75"}, {"action": "EXIT", "onReason": "*"}],
    }
    assert RetryStrategy.from_description(described) == RetryStrategy(4, (RETRY_75, EXIT))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: RetryStrategy(0, ()), "1 to 10 attempts, not 0"),
        (lambda: RetryStrategy(11, ()), "1 to 10 attempts, not 11"),
        (lambda: ExitRule(retries=True, reason="a*b"), "may end with an asterisk"),
    ],
)
def test_a_wrong_value_cannot_be_built(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()
