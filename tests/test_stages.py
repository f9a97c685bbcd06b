import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cutout.stages import Budget, End, Line


def counted(limit: int, made: list[int]) -> Iterator[int]:
    for number in range(limit):
        made.append(number)
        yield number


def test_items_come_in_order_through_several_stages() -> None:
    with Line() as line:
        numbers = line.ahead("one", range(100), 3)
        doubled = line.ahead("two", (2 * number for number in numbers), 1)
        assert list(doubled) == list(range(0, 200, 2))


def test_no_stage_runs_further_ahead_than_it_may() -> None:
    """A clip of an hour would fill the memory."""
    made: list[int] = []
    with Line() as line:
        items = line.ahead("one", counted(1000, made), 4)
        assert next(items) == 0
        time.sleep(0.1)
        assert len(made) <= 6
        assert next(items) == 1


@pytest.mark.parametrize("failing", ["first", "last", "sink", "body"])
def test_the_first_error_stops_all_stages_at_once_and_is_what_is_raised(failing: str) -> None:
    """Whichever stage it is: the others may be waiting for it, or for room that it makes."""

    def fails(items: Iterator[int], here: str) -> Iterator[int]:
        for item in items:
            if item == 5 and failing == here:
                raise RuntimeError(failing)
            yield item

    def consume(items: Iterator[int]) -> None:
        for _ in fails(items, "sink"):
            pass

    def run() -> None:
        with Line() as line:
            first = line.ahead("first", fails(counted(10**9, []), "first"), 2)
            last = line.ahead("last", fails(first, "last"), 2)
            sink = line.sink("sink", consume, 2)
            for item in fails(last, "body"):
                sink.put(item)

    before = threading.active_count()
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match=failing):
        run()
    assert time.monotonic() - begin < 5
    assert threading.active_count() == before


def test_a_sink_has_worked_through_all_when_the_line_is_finished() -> None:
    seen: list[int] = []

    def consume(items: Iterator[int]) -> None:
        for item in items:
            time.sleep(0.001)
            seen.append(item)

    with Line() as line:
        sink = line.sink("sink", consume, 2)
        for number in range(50):
            sink.put(number)
        sink.put(End())
        line.finish()
        assert seen == list(range(50))


def test_an_error_at_a_sink_s_very_end_is_raised() -> None:
    """The encoder's last packets are written there: an output without them is not whole."""

    def consume(items: Iterator[int]) -> None:
        list(items)
        raise RuntimeError("disk full")

    def run() -> None:
        with Line() as line:
            sink = line.sink("sink", consume, 2)
            sink.put(1)
            sink.put(End())
            line.finish()

    with pytest.raises(RuntimeError, match="disk full"):
        run()


def test_leaving_early_ends_the_stages() -> None:
    before = threading.active_count()
    with Line() as line:
        assert next(line.ahead("one", counted(10**9, []), 2)) == 0
    assert threading.active_count() == before


def test_a_budget_is_never_overspent_and_who_wants_too_much_gets_it_alone() -> None:
    """Several large photos at once would fill the memory, or one that is larger than it all would wait for ever."""
    budget, lock = Budget(10), threading.Lock()
    held, most = [0], [0]

    def work(amount: int) -> None:
        with budget.share(amount):
            with lock:
                held[0] += amount
                most[0] = max(most[0], held[0])
                assert held[0] <= max(10, amount)
            time.sleep(0.001)
            with lock:
                held[0] -= amount

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(work, [4, 3, 25, 6, 10, 1, 30, 5, 5, 5] * 4))
    assert most[0] == 30


def test_a_budget_is_given_back_when_work_fails() -> None:
    budget = Budget(1)
    for _ in range(2):
        with pytest.raises(RuntimeError), budget.share(1):
            raise RuntimeError
