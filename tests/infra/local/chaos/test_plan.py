"""If these fail, a seed doesn't bring back the run that found something, or a run leaves out what it is for."""

from random import Random

from infra.local.chaos.content import broken_files, photo
from infra.local.chaos.evidence import is_whole
from infra.local.chaos.plan import CURSED_PREFIX, REMOVED, plan


def test_a_seed_is_a_plan() -> None:
    assert plan(Random(7), 60, 3) == plan(Random(7), 60, 3) != plan(Random(8), 60, 3)


def test_a_plan_has_some_of_everything() -> None:
    planned = plan(Random(1), 60, 3)
    keys = [each.key for each in planned]
    assert len(planned) == 60
    assert sum(key.endswith(".mp4") for key in keys) == 3
    assert len(set(keys)) < len(keys), "some keys are overwritten"
    assert any(each.is_deleted_at_once for each in planned)
    assert any(key.startswith(CURSED_PREFIX) for key in keys)
    assert any(not key.isascii() for key in keys)
    assert {code for each in planned for code in each.expected} >= {REMOVED, "empty_file", "unreadable_image"}


def test_what_is_half_written_is_told_from_what_is_whole() -> None:
    for content, is_broken in [
        (photo(Random(1)), False),
        *((broken, True) for _, broken, code in broken_files() if code == "unreadable_image"),
    ]:
        assert is_whole("a.png", content) is not is_broken
