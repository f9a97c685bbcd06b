"""Laying one video frame over another in their own YUV, plane by plane, in whole numbers.

Samples go through no other colour space, so that full alpha keeps each of them bit for bit.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from cutout.arrays import Matte, Pixels

TILE_ROWS = 64
TILE_COLUMNS = 480


def over_plane(foreground: Pixels, matte: Matte, background: Pixels, full: int, result: Pixels) -> None:
    """Write the rounded alpha F + (1 - alpha) B into `result`; all H x W. `full` is full alpha in `matte`.

    Source: Porter and Duff, "Compositing Digital Images", 1984, the operator over.
    """
    wide = np.uint16 if result.dtype == np.uint8 and full <= 255 else np.uint32
    height, width = matte.shape
    for top in range(0, height, TILE_ROWS):
        for left in range(0, width, TILE_COLUMNS):
            tile = slice(top, top + TILE_ROWS), slice(left, left + TILE_COLUMNS)
            alpha = matte[tile]
            lowest, highest = alpha.min(), alpha.max()
            if lowest == full:
                result[tile] = foreground[tile]
            elif highest == 0:
                result[tile] = background[tile]
            else:
                blended = foreground[tile] * alpha.astype(wide)
                blended += background[tile] * (full - alpha).astype(wide)
                blended += full // 2
                blended //= full
                result[tile] = blended


def over_planes(
    foreground: Sequence[Pixels], matte: Matte, background: Sequence[Pixels], full: int, result: Sequence[Pixels]
) -> None:
    """`over_plane` for luma and both chroma planes. Subsampled chroma has the matte's mean over its samples."""
    for front, behind, target in zip(foreground, background, result, strict=True):
        over_plane(front, matte_for(front, matte), behind, full, target)


def matte_for(plane: Pixels, matte: Matte) -> Matte:
    """`matte` in the size of `plane`."""
    height, width = plane.shape
    if matte.shape == plane.shape:
        return matte
    return cv2.resize(matte, (width, height), interpolation=cv2.INTER_AREA)


def padded(plane: Pixels, result: Pixels) -> None:
    """Copy `plane` to the top left of `result`, which may be larger, and repeat its last row and column there."""
    height, width = plane.shape
    result[:height, :width] = plane
    result[:height, width:] = plane[:, -1:]
    result[height:] = result[height - 1]
