"""The foreground's own colour at soft edges.

A pixel there shows I = alpha F + (1 - alpha) B. Keeping I would carry the old background along as a halo.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.tiles import Tile, tiles

SMALL_SIDE = 512
"""About as many pixels has the longer side of the guesses."""

KNOWN_FROM = 0.98
TILE_ROWS, TILE_COLUMNS = 64, 512
"""Edges touch few tiles of this size, and what is worked out of one fits into a core's second cache."""


def estimate_foreground(image: Pixels, matte: Matte) -> Pixels:
    """`image` with F in place of I wherever `matte` is soft. Where alpha is full or nil, nothing changes.

    F^ and B^ are smooth guesses, spread from where the picture shows only one of the two. F is then F^ plus alpha times
    what the guesses leave unexplained: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021, equation 7.
    """
    full, (height, width) = np.iinfo(matte.dtype).max, matte.shape
    halvings = max(0, round(math.log2(max(height, width) / SMALL_SIDE)))
    small_image, small_alpha = shrunk(image, halvings), shrunk(matte, halvings) / full
    foreground = spread(small_image, small_alpha > KNOWN_FROM)
    background = spread(small_image, small_alpha < 1 - KNOWN_FROM)
    result = image.copy()

    def estimate(tile: Tile) -> None:
        soft = cv2.inRange(matte[tile], 1, full - 1)
        if not cv2.countNonZero(soft):
            return
        alpha = cv2.merge([matte[tile]] * 3) / np.float32(full)
        guess, behind = enlarged(foreground, 2**halvings, tile), enlarged(background, 2**halvings, tile)
        unexplained = image[tile] - (behind + alpha * (guess - behind))
        rounded = cv2.add(guess, alpha * unexplained, dtype=cv2.CV_8U if full == 255 else cv2.CV_16U)
        cv2.copyTo(rounded, soft, result[tile])

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(estimate, tiles(height, width, TILE_ROWS, TILE_COLUMNS)))
    return result


def shrunk(array: Pixels | Matte, halvings: int) -> Floats:
    """`array` halved so many times, by means of 2 x 2, as float32 of the same range. Odd rows and columns fall away."""
    for _ in range(halvings):
        height, width = (max(1, side // 2) for side in array.shape[:2])
        array = cv2.resize(array[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return array.astype(np.float32)


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


def enlarged(small: Floats, times: int, tile: Tile) -> Floats:
    """What `small`, h x w x 3, is in the rows and columns of `tile` once it is so many `times` as large; bilinear.

    Beyond its edges `small` goes on as it is there.
    """
    rows, columns = (around(part, times, length) for part, length in zip(tile, small.shape[:2], strict=True))
    large = cv2.resize(small[np.ix_(rows, columns)], None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR)
    top, left = (times + part.start % times for part in tile)
    return large[top : top + tile[0].stop - tile[0].start, left : left + tile[1].stop - tile[1].start]


def around(part: slice, times: int, length: int) -> NDArray[np.intp]:
    """Of `length` places, each so many `times` as long: those that `part` touches, and the one before and after."""
    return np.clip(np.arange(part.start // times - 1, (part.stop - 1) // times + 2), 0, length - 1)
