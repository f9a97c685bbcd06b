"""What the notebook that cutout grew from made of a saliency map."""

import cv2
import numpy as np

from cutout.arrays import Matte, Pixels


def subtracted(pixels: Pixels, saliency: Matte) -> Matte:
    """Full alpha, H x W uint8, where `cv2.subtract(saliency, pixels)` leaves something of a channel, and else nil.

    So alpha depends on brightness: what is white inside a subject is lost, and what is dark around it is kept.
    `pixels`: H x W x 3 uint8. `saliency`: H x W uint8.
    """
    left = cv2.subtract(cv2.cvtColor(saliency, cv2.COLOR_GRAY2RGB), pixels)
    return np.where(left.any(axis=2), np.uint8(255), np.uint8(0))
