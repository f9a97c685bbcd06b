"""Working through a large picture a few rows at a time, so that what is in between stays small and in the cache."""

from collections.abc import Iterator

STRIP_ROWS = 128


def strips(height: int) -> Iterator[slice]:
    for top in range(0, height, STRIP_ROWS):
        yield slice(top, min(top + STRIP_ROWS, height))
