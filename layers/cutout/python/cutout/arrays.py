"""The arrays that go between the parts of cutout. numpy's types can't hold shapes, so the names do."""

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

Pixels: TypeAlias = NDArray[Any]
"""A picture, H x W x 3 RGB, uint8 or uint16; H x W x 4 RGBA with straight alpha where that is said."""

Matte: TypeAlias = NDArray[Any]
"""An alpha matte, H x W, of its picture's dtype; the dtype's maximum is full alpha."""

SaliencyMap: TypeAlias = NDArray[Any]
"""What the net says of each point, 320 x 320 float32 in [0, 1]."""

Floats: TypeAlias = NDArray[Any]
"""Any other array of float32; its docstring says which."""


def as_depth(samples: Pixels | Matte, dtype: DTypeLike) -> Pixels | Matte:
    """`samples` in 8 or 16 bits each, rounded: 65535 is 255, and the steps between are even."""
    if samples.dtype == dtype:
        return samples
    if samples.dtype == np.uint8:
        return samples.astype(np.uint16) * np.uint16(257)
    return cv2.convertScaleAbs(samples, alpha=1 / 257)
