"""Work on the few pixels of a large picture that need it: those of the band around the subject's edge."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2

from cutout.arrays import Matte
from cutout.matting.tiles import Tile, tiles

TILE_ROWS = 128
TILE_COLUMNS = 256


def for_each_tile(band: Matte, factor: int, work: Callable[[Tile], None]) -> None:
    """Call `work`, on as many threads as OpenCV uses, with each tile in which `band` isn't zero everywhere.

    Tiles begin at multiples of `factor`.
    """
    sides = (-(-side // factor) * factor for side in (TILE_ROWS, TILE_COLUMNS))
    chosen = (tile for tile in tiles(*band.shape, *sides) if cv2.hasNonZero(band[tile]))
    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        for _ in pool.map(work, chosen):
            pass
