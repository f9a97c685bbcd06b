"""The guided filter: a matte as a linear function of colour, in each small window of the picture.

Source: He, Sun, Tang, "Guided Image Filtering", TPAMI 2013, section 3.4, of colour guides.
"""

from typing import NamedTuple

import cv2
import numpy as np

from cutout.arrays import Floats

PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Rows and columns of the upper half of a symmetric 3 x 3 matrix."""

LEAST_VARIANCE = 1e-6


class Linear(NamedTuple):
    """alpha = `slope` . I + `offset`. `slope` is 3 x h x w, `offset` h x w."""

    slope: Floats
    offset: Floats


class GuidedFilter:
    """A filter with one guide, for many mattes."""

    def __init__(self, guide: Floats, radius_pixels: int, epsilon: float) -> None:
        """`guide`: 3 x h x w in [0, 1]. `epsilon`: the variance of colours below which a window counts as flat."""
        self._guide, self._side = guide, 2 * radius_pixels + 1
        self._mean = self._boxes(guide)
        covariance = [
            self._box(guide[i] * guide[j]) - self._mean[i] * self._mean[j] + (epsilon if i == j else 0)
            for i, j in PAIRS
        ]
        self._inverse = inverted(covariance)

    def windows(self, matte: Floats) -> Linear:
        """The linear function that fits `matte`, h x w, best in the window about each pixel; equations 19 and 20."""
        mean = self._box(matte)
        slope = self._slope(self._covariance(matte, mean))
        return Linear(slope, mean - product(slope, self._mean))

    def explained(self, matte: Floats) -> Floats:
        """The share of the variance of `matte` that colours explain, mean of the windows about each pixel, in [0, 1].

        Nothing where `matte` is flat. It is the coefficient of determination of the fit in `windows`.
        """
        mean = self._box(matte)
        covariance = self._covariance(matte, mean)
        explained = self._box(product(self._slope(covariance), covariance))
        variance = self._box(self._box(matte * matte) - mean * mean)
        share: Floats = np.clip(explained / np.maximum(variance, LEAST_VARIANCE), 0, 1)
        return share

    def _covariance(self, matte: Floats, mean: Floats) -> Floats:
        covariance: Floats = self._boxes(self._guide * matte) - self._mean * mean
        return covariance

    def _slope(self, covariance: Floats) -> Floats:
        return np.stack([product(row, covariance) for row in self._inverse])

    def pixels(self, matte: Floats) -> Linear:
        """The mean of the functions of all windows that a pixel is in; equation 21."""
        windows = self.windows(matte)
        return Linear(self._boxes(windows.slope), self._box(windows.offset))

    def __call__(self, matte: Floats) -> Floats:
        """`matte` filtered."""
        pixels = self.pixels(matte)
        filtered: Floats = product(pixels.slope, self._guide)
        filtered += pixels.offset
        return filtered

    def _box(self, plane: Floats) -> Floats:
        return cv2.blur(plane, (self._side, self._side))

    def _boxes(self, planes: Floats) -> Floats:
        return np.stack([self._box(plane) for plane in planes])


def product(left: Floats, right: Floats) -> Floats:
    """The inner product of vectors whose 3 components come first."""
    result: Floats = left[0] * right[0]
    result += left[1] * right[1]
    result += left[2] * right[2]
    return result


def inverted(upper: list[Floats]) -> Floats:
    """The inverses, 3 x 3 x h x w, of symmetric matrices, given as the six components of `PAIRS`, by cofactors."""
    a, b, c, d, e, f = upper
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    fourth, fifth, sixth = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * first + b * second + c * third
    inverse: Floats = np.array([[first, second, third], [second, fourth, fifth], [third, fifth, sixth]])
    inverse /= determinant
    return inverse
