"""Arrays out of the many ways in which files keep colours and transparency."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from cutout.media.orientation import turn
from cutout.media.picture import Samples


@dataclass(frozen=True)
class Channels:
    """`colour`: HxWx3 RGB. `alpha`: HxW of the same dtype, or None where everything is opaque."""

    colour: Samples
    alpha: Samples | None

    def turned(self, orientation: int) -> "Channels":
        """Upright channels. `orientation`: 1 to 8, as EXIF numbers them."""
        alpha = None if self.alpha is None else turn(self.alpha, orientation)
        return Channels(turn(self.colour, orientation), alpha)


def from_grey(grey: Samples) -> Channels:
    """HxW grey as three equal channels."""
    return Channels(cast("Samples", cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)), None)


def from_rgba(rgba: Samples) -> Channels:
    """HxWx4 with straight alpha. An alpha that is full everywhere is no transparency."""
    colour = cast("Samples", cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB))
    alpha = cast("Samples", cv2.extractChannel(rgba, 3))
    return Channels(colour, None if alpha.min() == full(alpha) else alpha)


def to_rgba(colour: Samples, alpha: Samples) -> Samples:
    """HxWx4 of HxWx3 and HxW. Colours under zero alpha become zero: what nobody can see halves the size of a file."""
    rgba = np.empty((*alpha.shape, 4), colour.dtype)
    cv2.mixChannels([np.ascontiguousarray(colour), np.ascontiguousarray(alpha)], [rgba], [0, 0, 1, 1, 2, 2, 3, 3])
    points = rgba.view(np.uint32 if rgba.itemsize == 1 else np.uint64)[..., 0]
    np.multiply(points, alpha != 0, out=points)
    return rgba


def full(samples: Samples) -> int:
    """The largest value of the dtype: 255 or 65535."""
    return int(np.iinfo(samples.dtype).max)
