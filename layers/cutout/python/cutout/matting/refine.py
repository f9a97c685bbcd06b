"""The alpha matte: a saliency map made as large as its picture."""

import cv2
import numpy as np
from numpy.typing import DTypeLike

from cutout.arrays import Matte, SaliencyMap, as_depth

OPAQUE_FROM = 0.99
TRANSPARENT_UP_TO = 0.01
"""Beyond these the net is certain. Without them 254 of 255 is common inside a subject, and no pixel there is kept."""


def refine(saliency_map: SaliencyMap, height: int, width: int, dtype: DTypeLike) -> Matte:
    """Enlarge `saliency_map`, h x w in [0, 1], to height x width, bilinear, with full alpha at the maximum of `dtype`.

    It is scaled as 16-bit integers, so that no array of floats is as large as the picture.
    """
    certain = (saliency_map - TRANSPARENT_UP_TO) / (OPAQUE_FROM - TRANSPARENT_UP_TO)
    small = np.rint(np.clip(certain, 0, 1) * 65535).astype(np.uint16)
    matte = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return as_depth(matte, dtype)
