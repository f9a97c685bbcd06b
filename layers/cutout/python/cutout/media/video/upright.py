"""Turning frames as their display matrix says."""

import struct

import av
import numpy as np

from cutout.media.orientation import UPRIGHT, turn
from cutout.media.video.layouts import planes

DISPLAY_MATRIX = "DISPLAYMATRIX"

_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}
"""EXIF's number of the turn that (x, y) -> (ax + cy, bx + dy) makes, by the signs of a, b, c and d."""


def orientation_of(frame: av.VideoFrame) -> int:
    """How `frame` has to be turned to be shown, 1 to 8 as EXIF numbers it; to the nearest quarter turn.

    Ask once in a video: PyAV's side data hold a frame that was asked, until Python next collects cycles.

    Source: ISO/IEC 14496-12, the transformation matrix of a track header.
    """
    for data in frame.side_data:
        if data.type.name == DISPLAY_MATRIX:
            a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data)[:36])
            largest = max(abs(a), abs(b), abs(c), abs(d), 1)
            signs = tuple(round(value / largest) for value in (a, b, c, d))
            return _ORIENTATIONS.get(signs, UPRIGHT)
    return UPRIGHT


def turned(frame: av.VideoFrame, orientation: int) -> av.VideoFrame:
    """`frame`, in a working layout whose chroma is as wide as it is high, with its samples in upright order."""
    if orientation == UPRIGHT:
        return frame
    upright = [turn(plane, orientation) for plane in planes(frame)]
    height, width = upright[0].shape
    result = av.VideoFrame(width, height, frame.format.name)
    for target, source in zip(planes(result), upright, strict=True):
        np.copyto(target, source)
    return result
