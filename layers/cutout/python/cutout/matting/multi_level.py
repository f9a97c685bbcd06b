"""The colours of foreground and background where the two are mixed, from coarse to fine.

Source: Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation", ICPR 2020, arXiv:2006.14970. Where
it starts from the mean colours of the whole picture, this starts from colours spread from where only one of the two
shows, so that a pure colour stays pure. Where it solves for one pixel after the other, this does for all at once, with
momentum: the Richardson iteration of second order of Golub and Varga, "Chebyshev Semi-Iterative Methods", 1961.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from cutout.arrays import Floats
from cutout.matting.pull_push import pull_push

COARSEST_SIDE = 48
KNOWN_FROM = 0.99
STEPS = 4
MOMENTUM = 1.8
"""1 is none, from 2 on nothing converges."""

SMOOTHNESS = 1e-5
"""What ties a pixel to its neighbours where alpha is flat. Where it is not, its slope does."""

FIRST, INNER, LAST = slice(None, -2), slice(1, -1), slice(2, None)
AROUND = ((FIRST, INNER), (LAST, INNER), (INNER, FIRST), (INNER, LAST))
"""Rows and columns of the neighbours above, below, on the left and on the right of all that a border of 1 surrounds."""


def multi_level(image: Floats, alpha: Floats, largest: float) -> tuple[Floats, Floats]:
    """Estimate F and B, h x w x 3, of `image`, h x w x 3 in [0, `largest`], so that I = alpha F + (1 - alpha) B.

    Either means something only where it shows, and next to there.
    """
    levels = [(image, alpha)]
    while max(levels[-1][1].shape) > COARSEST_SIDE:
        levels.append((halved(levels[-1][0]), halved(levels[-1][1])))
    coarsest, shares = levels[-1]
    known = [pull_push(coarsest, share > KNOWN_FROM) for share in (shares, 1 - shares)]
    upwards = [(cv2.split(level_image), Level(level_alpha)) for level_image, level_alpha in reversed(levels)]

    def channel(number: int) -> Floats:
        layers = np.stack([colours[..., number] for colours in known])
        for planes, level in upwards:
            layers = solved(level, planes[number], layers, largest)
        return layers

    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        channels = list(pool.map(channel, range(3)))
    return cv2.merge([layers[0] for layers in channels]), cv2.merge([layers[1] for layers in channels])


def halved(array: Floats) -> Floats:
    """`array`, h x w or h x w x C, at half the size, rounded up."""
    height, width = array.shape[:2]
    return cv2.resize(array, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)


class Level:
    """Equation 4 of the paper at each pixel of `alpha`, h x w in [0, 1], for one channel of colour at a time."""

    def __init__(self, alpha: Floats) -> None:
        self.size = alpha.shape
        self._alpha = alpha
        neighbours = cv2.copyMakeBorder(alpha, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        slopes = np.stack([SMOOTHNESS + np.abs(neighbours[near] - alpha) for near in AROUND])
        total = slopes.sum(axis=0)
        self._weights = slopes / total
        scale = 1 / (total + alpha**2 + (1 - alpha) ** 2)
        self._towards = np.stack([alpha * scale, (1 - alpha) * scale])

    def step(self, image: Floats, layers: Floats) -> Floats:
        """The solution, F and B as 2 x h x w, if all neighbours were right in `layers`, which has a border of 1."""
        mean: Floats = layers[:, *AROUND[0]] * self._weights[0]
        for near, weight in zip(AROUND[1:], self._weights[1:], strict=True):
            mean += layers[:, *near] * weight
        front, behind = mean
        mean += self._towards * (image - behind - self._alpha * (front - behind))
        return mean


def solved(level: Level, image: Floats, coarser: Floats, largest: float) -> Floats:
    """F and B, 2 x h x w, of `image`, one channel of `level`, from those of a `coarser` one."""
    height, width = level.size
    layers = np.empty((2, height + 2, width + 2), np.float32)
    now = layers[:, INNER, INNER]
    for plane, small in zip(now, coarser, strict=True):
        cv2.resize(small, (width, height), dst=plane, interpolation=cv2.INTER_LINEAR)
    before = now.copy()
    for _ in range(STEPS):
        repeat_border(layers)
        after = level.step(image, layers)
        after -= before
        after *= np.float32(MOMENTUM)
        after += before
        before = now.copy()
        np.clip(after, 0, largest, out=now)
    return now


def repeat_border(layers: Floats) -> None:
    """Fill the border of 1 with what is next to it."""
    layers[:, 0], layers[:, -1] = layers[:, 1], layers[:, -2]
    layers[:, :, 0], layers[:, :, -1] = layers[:, :, 1], layers[:, :, -2]
