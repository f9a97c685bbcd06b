"""What the net is given: the authors' own preprocessing, which its published masks were made with."""

import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats, Pixels

INPUT_SIDE = 320
"""Height and width, in pixels, of what the net takes and of the saliency maps that it gives."""

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def normalise_colours(batch: Pixels | Floats) -> Floats:
    """Divide each picture by its own maximum and normalise it by ImageNet's statistics.

    `batch` is N x H x W x 3 RGB, never negative, of any scale. Returns N x 3 x H x W float32. Black stays black.
    Source: ToTensorLab of the authors' data_loader.py.
    """
    brightest = batch.max(axis=(1, 2, 3), keepdims=True).astype(np.float32)
    relative = batch / np.where(brightest > 0, brightest, np.float32(1))
    return np.ascontiguousarray(((relative - IMAGENET_MEAN) / IMAGENET_DEVIATION).transpose(0, 3, 1, 2))


def resize_bilinear(image: Pixels, side: int) -> Floats:
    """Sample `image` at side x side points, bilinear, without anti-aliasing; returns side x side x 3 float32.

    Only the four neighbours of each point are read, so the cost doesn't depend on the size of `image`.
    Source: RescaleT of the authors' data_loader.py.
    """
    height, width = image.shape[:2]
    top, bottom, down = neighbours(height, side)
    left, right, across = neighbours(width, side)
    pixels = np.ascontiguousarray(image).reshape(height * width, 3)

    def within(rows: NDArray[np.intp]) -> Floats:
        before, after = (pixels.take(np.add.outer(rows * width, columns), axis=0) for columns in (left, right))
        between: Floats = before * (1 - across)[:, None] + after * across[:, None]
        return between

    upper, lower = within(top), within(bottom)
    sampled: Floats = upper * (1 - down)[:, None, None] + lower * down[:, None, None]
    return sampled


def neighbours(length: int, samples: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """For each of `samples` points spread over `length` pixels: the pixel before, the pixel after, and how far between.

    Pixel centres are at half-integers. Beyond the first and last centre the edge pixel counts.
    """
    position = np.clip((np.arange(samples) + 0.5) * length / samples - 0.5, 0, length - 1)
    before = position.astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    return before, after, (position - before).astype(np.float32)
