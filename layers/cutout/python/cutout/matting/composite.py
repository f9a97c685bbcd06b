"""Laying a foreground over a background, in whole numbers, so that full alpha keeps each pixel bit for bit."""

from collections.abc import Sequence

import cv2
import numpy as np

from cutout.arrays import Matte, Pixels
from cutout.matting.tiles import tiles


def over(foreground: Pixels, matte: Matte, background: Pixels) -> Pixels:
    """`foreground` over `background`, both H x W x 3: the rounded alpha F + (1 - alpha) B.

    Source: Porter and Duff, "Compositing Digital Images", 1984, the operator over.
    """
    full = np.iinfo(foreground.dtype).max
    wide = np.uint32 if foreground.dtype == np.uint16 else np.uint16
    result = np.empty_like(foreground)
    for tile in tiles(*matte.shape):
        alpha = matte[tile][..., None].astype(wide)
        blended = foreground[tile] * alpha + background[tile] * (full - alpha)
        result[tile] = (blended + full // 2) // full
    return result


def under_alpha(matte: Matte, alpha: Matte) -> Matte:
    """`matte` where the picture was already transparent to the degree `alpha`: their product, rounded."""
    full = np.iinfo(matte.dtype).max
    product = matte.astype(np.uint32) * alpha
    return ((product + full // 2) // full).astype(matte.dtype)


def without_alpha(shown: Matte, alpha: Matte) -> Matte:
    """The matte that `under_alpha` made `shown` of: their quotient, rounded; zero where nothing shows."""
    full = np.iinfo(shown.dtype).max
    quotient = (shown.astype(np.uint32) * full + alpha // 2) // np.maximum(alpha, 1)
    matte: Matte = np.minimum(quotient, full).astype(shown.dtype)
    return matte


def blurred(image: Pixels, radius_pixels: int) -> Pixels:
    """`image` blurred by a Gaussian with a standard deviation of `radius_pixels`.

    A wide blur is made on a smaller copy, which holds all that the blur leaves.
    """
    shrink = max(1, radius_pixels // 4)
    height, width = image.shape[:2]
    small_size = (max(1, width // shrink), max(1, height // shrink))
    small = cv2.resize(image, small_size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), radius_pixels / shrink)
    return cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)


def covering(picture: Pixels, height: int, width: int) -> Pixels:
    """`picture` cut, about its centre, to the shape of height x width, and then scaled to it."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    rows = min(picture.shape[0], max(1, round(height / scale)))
    columns = min(picture.shape[1], max(1, round(width / scale)))
    top, left = (picture.shape[0] - rows) // 2, (picture.shape[1] - columns) // 2
    cut = picture[top : top + rows, left : left + columns]
    return cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def filled(colour: Sequence[int], like: Pixels) -> Pixels:
    """One colour, RGB of 0 to 255 each, in the size and depth of `like`."""
    return np.full_like(like, np.array(colour, like.dtype) * (np.iinfo(like.dtype).max // 255))
