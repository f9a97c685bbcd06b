"""Moving pictures of an oval subject whose matte is known."""

import numpy as np
import pytest
import skimage.data

from cutout.arrays import Pixels
from tests.benchmarks.sequences import Path, Scene, Sequence, drift, jerk, tinted, wobble

COUNT = 9


def moving_oval(motion: Path, background: Pixels) -> Sequence:
    y, x = np.mgrid[:512, :512].astype(np.float32) / 512 - 0.5
    oval = np.clip((0.4 - np.hypot(1.3 * x, y)) * 40, 0, 1)
    return Scene("oval", skimage.data.astronaut(), oval, background, motion, pan=0.006).sequence(COUNT)


@pytest.fixture(scope="module")
def slow() -> Sequence:
    return moving_oval(drift, tinted(skimage.data.gravel(), (1.0, 0.9, 0.8)))


@pytest.fixture(scope="module")
def fast() -> Sequence:
    return moving_oval(jerk, skimage.data.stereo_motorcycle()[0])


@pytest.fixture(scope="module")
def bending() -> Sequence:
    return moving_oval(wobble, tinted(skimage.data.grass(), (0.6, 1.0, 0.5)))
