"""What the net is shown of a picture: its colours in sRGB, whatever profile they stay in."""

import numpy as np

from cutout.arrays import Pixels, SaliencyMap
from cutout.media.colour import converted
from cutout.media.picture import Picture
from cutout.saliency.detector import Detector
from cutout.saliency.preprocess import INPUT_SIDE, resize_bilinear


def probability_of(picture: Picture, detector: Detector) -> SaliencyMap:
    """What the net says of `picture`. Without a profile the net is given what lies between 8-bit steps too."""
    if picture.icc_profile is None:
        probabilities = detector.detect([picture.pixels])
    else:
        probabilities = detector.detect_resized(sample_of(picture)[np.newaxis])
    probability: SaliencyMap = probabilities[0]
    return probability


def sample_of(picture: Picture) -> Pixels:
    """320 x 320 x 3 uint8 in sRGB."""
    largest = np.iinfo(picture.pixels.dtype).max
    sample = np.rint(resize_bilinear(picture.pixels, INPUT_SIDE) * (255 / largest)).astype(np.uint8)
    return converted(sample, picture.icc_profile, None)
