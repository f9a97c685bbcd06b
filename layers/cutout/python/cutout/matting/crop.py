"""Where the subject is."""

import cv2
import numpy as np

from cutout.arrays import Matte


def subject_box(matte: Matte, margin_percent: float) -> tuple[slice, slice]:
    """Rows and columns of the box around all that is at least half opaque, or around all that shows if nothing is.

    The margin, in per cent of the box's longer side, is added on each side and ends at the picture's border.
    """
    half = np.iinfo(matte.dtype).max // 2
    shows = matte > (half if int(matte.max()) > half else 0)
    left, top, width, height = cv2.boundingRect(shows.astype(np.uint8))
    margin = round(max(width, height) * margin_percent / 100)
    return (
        slice(max(0, top - margin), min(matte.shape[0], top + height + margin)),
        slice(max(0, left - margin), min(matte.shape[1], left + width + margin)),
    )
