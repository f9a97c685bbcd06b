"""Laying one video frame over another in their own YUV, plane by plane, in whole numbers.

Samples go through no other colour space, so that full alpha keeps each of them bit for bit.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from cutout.arrays import Matte, Pixels

STRIP_ROWS = 32
"""So many rows at once: what is in between stays in the cache, and rows without the subject are copied."""


def over_plane(foreground: Pixels, matte: Matte, background: Pixels, full: int, result: Pixels) -> None:
    """Write the rounded alpha F + (1 - alpha) B into `result`; all H x W. `full` is full alpha in `matte`.

    Source: Porter and Duff, "Compositing Digital Images", 1984, the operator over.
    """
    wide = np.uint16 if result.dtype == np.uint8 and full <= 255 else np.uint32
    for top in range(0, matte.shape[0], STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        alpha = matte[strip]
        lowest, highest = alpha.min(), alpha.max()
        if lowest == full:
            result[strip] = foreground[strip]
        elif highest == 0:
            result[strip] = background[strip]
        else:
            blended = np.multiply(foreground[strip], alpha, dtype=wide)
            blended += np.multiply(background[strip], full - alpha, dtype=wide)
            blended += full // 2
            blended //= full
            result[strip] = blended


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
