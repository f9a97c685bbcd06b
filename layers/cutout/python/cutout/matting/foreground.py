"""The foreground's own colour at soft edges.

A pixel there shows I = alpha F + (1 - alpha) B. Keeping I would carry the old background along as a halo.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.tiles import Tile, tiles

SMALL_SIDE = 512
KNOWN_FROM = 0.98
TILE_ROWS, TILE_COLUMNS = 64, 512
"""Edges touch few tiles of this size, and what is worked out of one fits into a core's second cache."""


def estimate_foreground(image: Pixels, matte: Matte) -> Pixels:
    """`image` with F in place of I wherever `matte` is soft. Where alpha is full or nil, nothing changes.

    F^ and B^ are smooth guesses, spread from where the picture shows only one of the two. F is then F^ plus alpha times
    what the guesses leave unexplained: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021, equation 7.
    """
    full, (height, width) = np.iinfo(matte.dtype).max, matte.shape
    small_image, small_alpha = shrunk(image), shrunk(matte) / full
    foreground = spread(small_image, small_alpha > KNOWN_FROM)
    background = spread(small_image, small_alpha < 1 - KNOWN_FROM)
    result = image.copy()

    def estimate(tile: Tile) -> None:
        soft = cv2.inRange(matte[tile], 1, full - 1)
        if not soft.any():
            return
        alpha = cv2.merge([matte[tile]] * 3) / np.float32(full)
        guess, behind = enlarged(foreground, matte.shape, tile), enlarged(background, matte.shape, tile)
        unexplained = image[tile] - (behind + alpha * (guess - behind))
        rounded = cv2.add(guess, alpha * unexplained, dtype=cv2.CV_8U if full == 255 else cv2.CV_16U)
        cv2.copyTo(rounded, soft, result[tile])

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(estimate, tiles(height, width, TILE_ROWS, TILE_COLUMNS)))
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


def enlarged(small: Floats, size: tuple[int, ...], tile: Tile) -> Floats:
    """What `small`, h x w x 3, is in the rows and columns of `tile` once it is as large as `size`; bilinear.

    OpenCV places its points to a 32nd of a pixel of `small`.
    """
    down, across = small.shape[0] / size[0], small.shape[1] / size[1]
    (top, bottom), (left, right) = ((part.start, part.stop) for part in tile)
    place = np.array([[across, 0, (left + 0.5) * across - 0.5], [0, down, (top + 0.5) * down - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(small, place, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)
