"""Working through a large picture a piece at a time, so that what is in between stays small and in the cache."""

from collections.abc import Iterator

TILE_ROWS = 128
TILE_COLUMNS = 4096


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of each tile."""
    for top in range(0, height, TILE_ROWS):
        for left in range(0, width, TILE_COLUMNS):
            yield slice(top, min(top + TILE_ROWS, height)), slice(left, min(left + TILE_COLUMNS, width))
