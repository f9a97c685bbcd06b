"""Working through a large picture a piece at a time, so that what is in between stays small and in the cache."""

from collections.abc import Iterator
from typing import TypeAlias

Tile: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


def tiles(height: int, width: int, rows: int = 128, columns: int = 4096) -> Iterator[Tile]:
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield slice(top, min(top + rows, height)), slice(left, min(left + columns, width))
