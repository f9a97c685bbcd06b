"""From pictures to saliency maps, whatever engine runs the net."""

from collections.abc import Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.errors import NoSubject
from cutout.saliency.preprocess import INPUT_SIDE, resize_bilinear

SUBJECT_FROM = 0.5
"""Where no pixel is more likely subject than background, there is no subject."""


class Engine(Protocol):
    """The one seam between cutout and whatever runs the net."""

    @property
    def batch_size(self) -> int:
        """How many pictures it is best given at once. It takes more, and may come to like fewer as it works."""

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU runs the net, and the CPU is free beside it."""

    def infer(self, batch: Pixels | Floats) -> Floats:
        """N x 320 x 320 x 3 RGB to saliency probabilities, N x 320 x 320 float32 in [0, 1].

        The pictures are uint8, or float32 of any positive scale: the engine divides each by its own maximum and
        normalises it, on whatever device it has.
        """


class Detector:
    """U-2-Net on one engine, which takes all cores: threads that share it take turns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = Lock()

    @property
    def batch_size(self) -> int:
        """How many pictures are best detected at once, now."""
        return self._engine.batch_size

    @property
    def on_gpu(self) -> bool:
        """See `Engine`."""
        return self._engine.on_gpu

    def detect(self, images: Sequence[Pixels]) -> Floats:
        """The net's saliency probabilities of `images`, each H x W x 3 RGB: N x 320 x 320 float32 in [0, 1]."""
        return self._infer(np.stack([resize_bilinear(image, INPUT_SIDE) for image in images]))

    def detect_resized(self, batch: Pixels) -> Floats:
        """As `detect`, for pictures that have the net's size: N x 320 x 320 x 3 RGB, uint8.

        Raises:
            ValueError: `batch` is something else.
        """
        if batch.shape[1:] != (INPUT_SIDE, INPUT_SIDE, 3) or batch.dtype != np.uint8 or not len(batch):
            raise ValueError(f"N x {INPUT_SIDE} x {INPUT_SIDE} x 3 of uint8 was due, not {batch.shape} {batch.dtype}")
        return self._infer(batch)

    def _infer(self, batch: Pixels | Floats) -> Floats:
        with self._turn:
            probabilities = self._engine.infer(batch)
        expected = batch.shape[:3]
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
