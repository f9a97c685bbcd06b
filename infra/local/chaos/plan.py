"""What is uploaded: photos, clips, broken files, odd keys, overwritten ones, and ones that are deleted at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from infra.local.chaos.content import broken_files, clip, odd_keys, photo

REMOVED = "Background Removed"
DELETED = "object_deleted"
CURSED_PREFIX = "cursed/"
"""S3 refuses to give out what lies there for as long as faults last."""


@dataclass(frozen=True)
class Planned:
    """One upload. `expected`: the outcomes that are right, the code of a refusal or `REMOVED`."""

    key: str
    content: bytes
    expected: frozenset[str]
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_deleted_at_once: bool = False


def plan(random: Random, uploads: int, clips: int) -> list[Planned]:
    """`uploads` in an order that is drawn, `clips` of them videos and about one in twenty cursed."""
    rest = uploads - clips
    planned = list(_clips(clips))
    planned += _broken(rest // 6)
    planned += _deleted(random, rest // 10)
    planned += _cursed(random, max(1, rest // 20))
    planned += _odd(random, rest // 8)
    planned += _overwritten(random, rest // 6)
    while len(planned) < uploads:
        planned.append(_photo(random, f"plain/{len(planned)}.jpg"))
    random.shuffle(planned)
    return planned


def _photo(random: Random, key: str) -> Planned:
    metadata = random.choice([{}, {}, {"cutout-outputs": "webp,mask"}, {"cutout-background": "#fff"}])
    return Planned(key, photo(random), frozenset({REMOVED}), metadata)


def _clips(count: int) -> Iterator[Planned]:
    for number in range(count):
        if number % 3 == 2:
            yield Planned(f"film {number}.mp4", b"no film at all", frozenset({"unreadable_video"}))
        else:
            yield Planned(f"clip+{number}.mp4", clip(number), frozenset({REMOVED}))


def _broken(count: int) -> Iterator[Planned]:
    files = list(broken_files())
    for number in range(count):
        name, content, code = files[number % len(files)]
        yield Planned(f"broken/{number}-{name}", content, frozenset({code}))


def _deleted(random: Random, count: int) -> Iterator[Planned]:
    for number in range(count):
        expected = frozenset({REMOVED, DELETED})
        yield Planned(f"regretted/{number}.jpg", photo(random), expected, is_deleted_at_once=True)


def _cursed(random: Random, count: int) -> Iterator[Planned]:
    for number in range(count):
        yield _photo(random, f"{CURSED_PREFIX}{number}.jpg")


def _odd(random: Random, count: int) -> Iterator[Planned]:
    keys = odd_keys()
    for number in range(count):
        yield _photo(random, f"{keys[number % len(keys)]} {number}.jpg")


def _overwritten(random: Random, count: int) -> Iterator[Planned]:
    """Three versions of each key."""
    for number in range(count):
        yield _photo(random, f"again/{number // 3}.jpg")
