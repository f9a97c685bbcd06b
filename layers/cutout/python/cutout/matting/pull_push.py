"""Spreading colours from where they are known, over all that isn't."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats


def pull_push(image: Floats, known: NDArray[np.bool_]) -> Floats:
    """`image`, h x w x 3, where `known`, and elsewhere the colours of the nearest known places, smoothly.

    Where nothing is known, `image` as it is. Source: Gortler et al., "The Lumigraph", 1996, section 3.4.2.
    """
    if not known.any():
        return image
    weight: Floats = known.astype(np.float32)[..., None]
    return fill(image * weight, weight)


def fill(weighted: Floats, weight: Floats) -> Floats:
    """Fill `weighted` / `weight` where `weight` is below 1 from the same at half the resolution, and so on."""
    height, width = weight.shape[:2]
    if max(height, width) == 1:
        colour: Floats = weighted / np.maximum(weight, np.finfo(np.float32).tiny)
        return colour
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)[..., None]
    coarse = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
    amount = np.maximum(1, 4 * coarse_weight)
    below = fill(coarse * 4 / amount, coarse_weight * 4 / amount)
    return weighted + (1 - weight) * cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR)
