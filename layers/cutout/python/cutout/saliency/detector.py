"""From pictures to saliency maps, whatever engine runs the net."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.errors import NoSubject
from cutout.saliency.preprocess import INPUT_SIDE, preprocess

SUBJECT_FROM = 0.5
"""Where no pixel is more likely subject than background, there is no subject."""


class Engine(Protocol):
    """The one seam between cutout and whatever runs the net."""

    def infer(self, batch: Floats) -> Floats:
        """N x 3 x 320 x 320, preprocessed, to saliency probabilities, N x 320 x 320 in [0, 1], both float32."""


class Detector:
    """U-2-Net on one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def detect(self, images: Sequence[Pixels]) -> Floats:
        """The net's saliency probabilities of `images`, each H x W x 3 RGB: N x 320 x 320 float32 in [0, 1]."""
        probabilities = self._engine.infer(np.stack([preprocess(image) for image in images]))
        expected = (len(images), INPUT_SIDE, INPUT_SIDE)
        if probabilities.shape != expected:
            raise ValueError(f"the engine gave {probabilities.shape} where {expected} was due")
        return probabilities


def normalise(probability: SaliencyMap) -> SaliencyMap:
    """The saliency map of one photo: `probability` stretched so that it spans [0, 1], as the authors do (normPRED).

    Raises:
        NoSubject: the net finds nothing, and stretching would make a subject of noise.
    """
    lowest, highest = float(probability.min()), float(probability.max())
    if highest < SUBJECT_FROM:
        raise NoSubject(
            f"No subject was found: the most salient point of the picture reaches {highest:.0%}, "
            f"and a subject begins at {SUBJECT_FROM:.0%}."
        )
    if lowest > SUBJECT_FROM:
        return probability
    return (probability - lowest) / (highest - lowest)
