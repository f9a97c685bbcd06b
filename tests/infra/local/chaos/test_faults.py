"""If these fail, a run of chaos has other faults than its seed says, more than it can bear, or none."""

from random import Random

import pytest

from infra.local.chaos.faults import Fault, Faults


def drawn(faults: Faults, count: int, operation: str = "PUT") -> list[Fault | None]:
    return [faults.draw("s3", operation, "/bucket/a.jpg") for _ in range(count)]


def test_a_seed_is_a_row_of_faults_and_they_are_bounded() -> None:
    first, again = (drawn(Faults(Random(3), 0.5, 40, 2, "cursed/"), 400) for _ in range(2))
    assert first == again
    assert sum(fault is not None for fault in first) == 40
    assert first.count(Fault.STALLED) == 2
    assert set(first) >= {Fault.THROTTLED, Fault.BROKEN, Fault.RESET, Fault.LOST, Fault.SLOW, Fault.CUT}


def test_what_is_cursed_cannot_be_read_until_the_end() -> None:
    faults = Faults(Random(1), 0, 0, 0, "cursed/")
    assert faults.draw("s3", "GET", "/bucket/cursed/a.jpg") is Fault.CURSED
    assert faults.draw("s3", "PUT", "/bucket/cursed/a.jpg") is None
    faults.end()
    assert faults.draw("s3", "GET", "/bucket/cursed/a.jpg") is None
    assert faults.met() == {("s3", "cursed"): 1}


@pytest.mark.parametrize(("operation", "is_met"), [("PutEvents", True), ("PUT", False)])
def test_events_alone_are_refused_within_an_answer_that_sounds_like_success(operation: str, is_met: bool) -> None:
    assert (Fault.PARTIAL in drawn(Faults(Random(1), 1, 400, 0, "cursed/"), 400, operation)) is is_met
