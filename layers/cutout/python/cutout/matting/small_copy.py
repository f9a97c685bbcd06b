"""Small copies of large pictures, and looking at them as if they were as large."""

import cv2
import numpy as np

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.tiles import Tile

LARGEST_EXACT_FACTOR = 256
"""So many values of 8 bits have a sum of 16, in which numpy adds twice as fast as in 32."""


def factor_to(limit_side: int, height: int, width: int) -> int:
    """The least power of two by which the longer side fits into `limit_side` pixels."""
    factor = 1
    while max(height, width) > limit_side * factor:
        factor *= 2
    return factor


def shrunk(array: Pixels | Matte, factor: int) -> Floats:
    """The means of `factor` x `factor` values of `array` each, unrounded. The last column counts on where some lack."""
    height, width = array.shape[:2]
    size, whole = array[0].size, height // factor
    sums = np.uint16 if array.dtype == np.uint8 and factor <= LARGEST_EXACT_FACTOR else np.float32
    rows = np.empty((-(-height // factor), size), np.float32)
    strips = array[: whole * factor].reshape(whole, factor, size)
    np.divide(strips.sum(axis=1, dtype=sums), np.float32(factor), out=rows[:whole])
    if whole < len(rows):
        array[whole * factor :].reshape(-1, size).mean(axis=0, dtype=np.float32, out=rows[whole])
    rows = cv2.copyMakeBorder(rows.reshape(-1, *array.shape[1:]), 0, 0, 0, -width % factor, cv2.BORDER_REPLICATE)
    return cv2.resize(rows, (rows.shape[1] // factor, rows.shape[0]), interpolation=cv2.INTER_AREA)


class Enlarged:
    """A small copy, h x w x C float32 of at most 4 channels, seen at the size of the picture that it was made of."""

    def __init__(self, small: Floats, factor: int) -> None:
        """`factor`: as in `shrunk`."""
        self._small = cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        self._factor = factor

    def __getitem__(self, tile: Tile) -> Floats:
        """The pixels of `tile`, which begins at multiples of the factor, bilinear."""
        factor = self._factor
        (top, bottom), (left, right) = ((side.start // factor, -(-side.stop // factor)) for side in tile)
        around = self._small[top : bottom + 2, left : right + 2]
        size = (around.shape[1] * factor, around.shape[0] * factor)
        large = cv2.resize(around, size, interpolation=cv2.INTER_LINEAR)
        rows, columns = (slice(factor, factor + side.stop - side.start) for side in tile)
        return large[rows, columns]
