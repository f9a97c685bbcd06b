"""What many tests need: photos that nobody has to fetch, the pretrained weights, and the photos that are only lent."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency import fetch
from cutout.saliency.detector import Detector
from cutout.saliency.engine_torch import TorchEngine
from cutout.settings import CommandLineSettings

REFERENCE_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Photos that others made. They are no part of the project, so that they may be absent."""
    if not REFERENCE_DATA.is_dir():
        pytest.skip("skipped: no reference data")
    return REFERENCE_DATA


@pytest.fixture(scope="session")
def weights_directory() -> Path:
    """Where `make weights` put the pretrained weights. A test that needs them fails without them."""
    return CommandLineSettings.from_environment(os.environ).weights_directory


@pytest.fixture(scope="session")
def detectors(weights_directory: Path) -> Callable[[Model], Detector]:
    """The real nets, each loaded once."""
    loaded: dict[Model, Detector] = {}

    def detector(model: Model) -> Detector:
        if model not in loaded:
            loaded[model] = Detector(TorchEngine.load(model, fetch.locate(model, weights_directory)))
        return loaded[model]

    return detector


@pytest.fixture(scope="session")
def cat() -> Pixels:
    """A photo with a subject: 300 x 451 x 3."""
    return skimage.data.chelsea()


class PaintedEngine:
    """An engine that finds its subject wherever the red of the picture is bright."""

    def infer(self, batch: Floats) -> Floats:
        return (batch[:, 0] > 0).astype(np.float32)


@pytest.fixture
def painted_detector() -> Detector:
    return Detector(PaintedEngine())
