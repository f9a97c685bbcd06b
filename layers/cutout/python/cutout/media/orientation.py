"""The eight ways a camera can be held, undone."""

from collections.abc import Callable
from typing import cast

import cv2

from cutout.media.picture import Samples

UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations in which width and height change places."""

_TURNS: dict[int, Callable[[Samples], object]] = {
    2: lambda stored: cv2.flip(stored, 1),
    3: lambda stored: cv2.rotate(stored, cv2.ROTATE_180),
    4: lambda stored: cv2.flip(stored, 0),
    5: lambda stored: cv2.transpose(stored),
    6: lambda stored: cv2.rotate(stored, cv2.ROTATE_90_CLOCKWISE),
    7: lambda stored: cv2.flip(cv2.transpose(stored), -1),
    8: lambda stored: cv2.rotate(stored, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def turn(stored: Samples, orientation: int) -> Samples:
    """Upright samples from those that the file stores; HxW or HxWxC, the same array where nothing is to turn.

    `orientation`: 1 to 8, as EXIF tag 274 numbers them.
    """
    if orientation == UPRIGHT:
        return stored
    return cast("Samples", _TURNS[orientation](stored))
