"""Where a matte is worth a closer look."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cutout.arrays import Floats, Matte, Pixels


@dataclass(frozen=True)
class Window:
    """A square of `side` pixels of a picture."""

    top: int
    left: int
    side: int

    def of(self, picture: Pixels | Matte) -> Pixels | Matte:
        return picture[self.top : self.top + self.side, self.left : self.left + self.side]


def most_outlined(mattes: Sequence[Matte], side: int, count: int) -> list[Window]:
    """Up to `count` squares, apart from each other, in which all `mattes` of one picture have most outline, most first.

    Of a soft matte that is the mean length of the outlines at all thresholds, which its total variation is: Fleming and
    Rishel, "An integral formula for total gradient variation", 1960. A square with less than a pixel of it is left out.
    """
    lengths = sum(variation(matte) for matte in mattes)
    height, width = lengths.shape
    side = min(side, height, width)
    sums = cv2.boxFilter(lengths, -1, (side, side), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT)
    sums = sums[: height - side + 1, : width - side + 1]
    windows: list[Window] = []
    while len(windows) < count and sums.max() >= 1:
        top, left = map(int, np.unravel_index(sums.argmax(), sums.shape))
        windows.append(Window(top, left, side))
        sums[max(0, top - side + 1) : top + side, max(0, left - side + 1) : left + side] = 0
    return windows


def variation(matte: Matte) -> Floats:
    """The length of the gradient of alpha, in [0, 1] a pixel, by Sobel's operator."""
    alpha = matte.astype(np.float32) / np.iinfo(matte.dtype).max
    return cv2.magnitude(cv2.Sobel(alpha, -1, 1, 0, scale=1 / 8), cv2.Sobel(alpha, -1, 0, 1, scale=1 / 8))
