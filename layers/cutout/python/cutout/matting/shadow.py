"""A soft shadow that the subject throws on what lies behind it."""

import numpy as np

from cutout.arrays import Matte, Pixels
from cutout.matting.composite import blurred
from cutout.matting.crop import subject_box
from cutout.matting.tiles import tiles

DROP = 0.03
"""How far the shadow falls below the subject, as a share of the longer side of the subject's box."""

SPREAD = 0.025
"""Standard deviation of its blur, as a share of the same."""


def soft_shadow(matte: Matte, strength_percent: float) -> Matte:
    """The alpha of a black shadow: `matte` moved down, blurred, and weakened to `strength_percent` of full alpha."""
    rows, columns = subject_box(matte, margin_percent=0)
    side = max(rows.stop - rows.start, columns.stop - columns.start)
    drop = min(round(DROP * side), matte.shape[0] - 1)
    fallen = np.zeros_like(matte)
    fallen[drop:] = matte[: matte.shape[0] - drop]
    soft = blurred(fallen, max(1, round(SPREAD * side)))
    strength = round(strength_percent / 100 * 256)
    shadow: Matte = (soft.astype(np.uint32) * strength // 256).astype(matte.dtype)
    return shadow


def over_shadow(foreground: Pixels, matte: Matte, shadow: Matte) -> tuple[Pixels, Matte]:
    """`foreground` over a black `shadow` and nothing else: straight colours, H x W x 3, and their alpha.

    Where `matte` is full, the colour stays bit for bit.
    Source: Porter and Duff, "Compositing Digital Images", 1984, the operator over.
    """
    full = np.iinfo(matte.dtype).max
    colours, alpha = np.zeros_like(foreground), np.empty_like(matte)
    for tile in tiles(*matte.shape):
        cover = matte[tile].astype(np.uint32)
        both = cover + ((full - cover) * shadow[tile] + full // 2) // full
        lit = foreground[tile] * cover[..., None] + both[..., None] // 2
        colours[tile] = lit // np.maximum(both, 1)[..., None]
        alpha[tile] = both
    return colours, alpha


def darkened(background: Pixels, shadow: Matte) -> Pixels:
    """`background`, H x W x 3, under the black `shadow`: the rounded (1 - shadow) B."""
    full = np.iinfo(shadow.dtype).max
    result = np.empty_like(background)
    for tile in tiles(*shadow.shape):
        light = full - shadow[tile][..., None].astype(np.uint32)
        result[tile] = (background[tile] * light + full // 2) // full
    return result
