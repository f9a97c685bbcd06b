"""The foreground's own colour at soft edges.

A pixel there shows I = alpha F + (1 - alpha) B. Keeping I would carry the old background along as a halo.
"""

import cv2
import numpy as np

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.band import for_each_tile
from cutout.matting.multi_level import multi_level
from cutout.matting.small_copy import Enlarged, factor_to, shrunk
from cutout.matting.tiles import Tile

SMALL_SIDE = 768
TIE = 0.02
"""What ties a pixel's colours to those of the smaller copy: Germer et al., equation 4, where that is the neighbour."""


def estimate_foreground(image: Pixels, matte: Matte, *, in_place: bool = False) -> Pixels:
    """`image` with F in place of I wherever `matte` is soft. Where alpha is full or nil, nothing changes.

    F and B are estimated in a smaller copy. What these leave unexplained of a pixel of the picture is then shared out.
    `in_place`: in `image` itself, which is C-contiguous then, and not in a copy.
    """
    full = np.iinfo(matte.dtype).max
    depth = cv2.CV_8U if matte.dtype == np.uint8 else cv2.CV_16U
    result = image if in_place else image.copy(order="C")
    soft = cv2.inRange(matte, 1, full - 1)
    if not cv2.hasNonZero(soft):
        return result
    factor = factor_to(SMALL_SIDE, *matte.shape)
    layers = multi_level(shrunk(image, factor), shrunk(matte, factor) / np.float32(full), full)
    foreground, contrast = Enlarged(layers[0], factor), Enlarged(layers[0] - layers[1], factor)

    def put_right(tile: Tile) -> None:
        alpha = matte[tile].astype(np.float32) / np.float32(full)
        rest = 1 - alpha
        share = alpha / (alpha * alpha + rest * rest + np.float32(TIE))
        front, replaced = foreground[tile], thrice(rest)
        replaced *= contrast[tile]
        unexplained = cv2.subtract(result[tile], front, dtype=cv2.CV_32F)
        unexplained += replaced
        unexplained *= thrice(share)
        colours = cv2.add(front, unexplained, dtype=depth)
        cv2.copyTo(colours, soft[tile], result[tile])

    for_each_tile(soft, factor, put_right)
    return result


def thrice(plane: Floats) -> Floats:
    """`plane`, h x w, for each of three channels. numpy's broadcasting takes ten times as long."""
    return cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB)
