"""The foreground's own colour at soft edges.

A pixel there shows I = alpha F + (1 - alpha) B. Keeping I would carry the old background along as a halo.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.tiles import tiles

SMALL_SIDE = 512
KNOWN_FROM = 0.98


def estimate_foreground(image: Pixels, matte: Matte) -> Pixels:
    """`image` with F in place of I wherever `matte` is soft. Where alpha is full or nil, nothing changes.

    F^ and B^ are smooth guesses, spread from where the picture shows only one of the two. F is then F^ plus alpha times
    what the guesses leave unexplained: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021, equation 7.
    """
    full = np.iinfo(matte.dtype).max
    small_image, small_alpha = shrunk(image), shrunk(matte) / full
    foreground = spread(small_image, small_alpha > KNOWN_FROM)
    background = spread(small_image, small_alpha < 1 - KNOWN_FROM)
    result = image.copy()
    for tile in tiles(*matte.shape):
        rows, columns = np.nonzero((matte[tile] > 0) & (matte[tile] < full))
        rows += tile[0].start
        columns += tile[1].start
        alpha = matte[rows, columns].astype(np.float32)[:, None] / full
        here = sampling(foreground.shape, matte.shape, rows, columns)
        guess, behind = sample(foreground, here), sample(background, here)
        unexplained = image[rows, columns] - alpha * guess - (1 - alpha) * behind
        result[rows, columns] = np.clip(np.rint(guess + alpha * unexplained), 0, full)
    return result


def shrunk(array: Pixels) -> Floats:
    """`array` scaled down by areas so that its longer side is at most 512 pixels, as float32 of the same range."""
    height, width = array.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def spread(image: Floats, known: NDArray[np.bool_]) -> Floats:
    """`image` where `known`, and elsewhere the colours of the nearest known places, smoothly; h x w x 3.

    Source: the pull-push algorithm, Gortler et al., "The Lumigraph", 1996, section 3.4.2.
    """
    weight: Floats = known.astype(np.float32)[..., None]
    if not known.any():
        return image
    return pull_push(image * weight, weight)


def pull_push(weighted: Floats, weight: Floats) -> Floats:
    """Fill `weighted` / `weight` where `weight` is below 1 from the same at half the resolution, and so on."""
    height, width = weight.shape[:2]
    if max(height, width) == 1:
        colour: Floats = weighted / np.maximum(weight, np.finfo(np.float32).tiny)
        return colour
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)[..., None]
    coarse = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
    amount = np.maximum(1, 4 * coarse_weight)
    below = pull_push(coarse * 4 / amount, coarse_weight * 4 / amount)
    return weighted + (1 - weight) * cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR)


class Sampling(NamedTuple):
    """Where N points lie between the pixels of a smaller picture: the pixels around each, and how far between them."""

    top: NDArray[np.intp]
    bottom: NDArray[np.intp]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    down: Floats
    across: Floats


def sampling(
    small: tuple[int, ...], large: tuple[int, ...], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Sampling:
    """The pixels `rows`, `columns` of a picture of size `large`, as points in one of size `small`."""
    height, width = small[:2]
    y = np.clip((rows + 0.5) * (height / large[0]) - 0.5, 0, height - 1)
    x = np.clip((columns + 0.5) * (width / large[1]) - 0.5, 0, width - 1)
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, across = ((point - before).astype(np.float32)[:, None] for point, before in ((y, top), (x, left)))
    return Sampling(top, np.minimum(top + 1, height - 1), left, np.minimum(left + 1, width - 1), down, across)


def sample(small: Floats, at: Sampling) -> Floats:
    """`small`, h x w x 3, bilinear at N points: N x 3."""
    upper = small[at.top, at.left] * (1 - at.across) + small[at.top, at.right] * at.across
    lower = small[at.bottom, at.left] * (1 - at.across) + small[at.bottom, at.right] * at.across
    sampled: Floats = upper * (1 - at.down) + lower * at.down
    return sampled
