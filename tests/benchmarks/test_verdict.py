"""Whether the verdict's confidence finds the bad results, against known mattes. The figures are printed.

If these fail, whoever looks through results by their confidence looks at the wrong ones.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cutout.arrays import Floats, SaliencyMap
from cutout.matting.assess import assess
from cutout.models import Model
from cutout.saliency.detector import Detector
from cutout.saliency.preprocess import INPUT_SIDE
from tests.benchmarks.measures import iou
from tests.benchmarks.scenes import Scene, grounds, scenes, spoiled, subjects

COUNT = 160
BAD_BELOW = (0.5, 0.7, 0.85)
"""Intersection over union of a result that would be thrown away, of one that needs mending, of one to be looked at."""

pytestmark = pytest.mark.benchmark


def roc_area(confidences: Floats, bad: NDArray[np.bool_]) -> float:
    """How often a bad result has less confidence than a good one: the area under the ROC curve."""
    lower = confidences[bad][:, None] < confidences[~bad]
    equal = confidences[bad][:, None] == confidences[~bad]
    return float((lower + equal / 2).mean())


def judged(detector: Detector, scene: Scene) -> tuple[float, float]:
    """Confidence, and intersection over union with the truth."""
    probability = detector.detect([scene.picture])[0]
    saliency_map = stretched(probability)
    truth = cv2.resize(scene.truth, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    return assess(saliency_map, float(probability.max())).confidence, iou(truth[None], saliency_map[None])


def stretched(probability: SaliencyMap) -> SaliencyMap:
    """As `normalise`, without its refusal of pictures that show no subject."""
    return (probability - probability.min()) / (probability.max() - probability.min())


def check(name: str, detector: Detector, pictures: list[Scene], report: Callable[[str], None]) -> None:
    confidences, ious = np.array([judged(detector, scene) for scene in pictures]).T
    for bad_below in BAD_BELOW:
        bad = ious < bad_below
        area = roc_area(confidences, bad)
        report(f"{name}: IoU < {bad_below}: {bad.sum()} of {len(bad)} bad, ROC area {area:.3f}")
        assert area > 0.75
    report(f"{name}: confidence of the good, 10th percentile {np.percentile(confidences[~bad], 10):.2f}")


@pytest.mark.parametrize("model", Model)
def test_low_confidence_finds_bad_results(
    detectors: Callable[[Model], Detector], report: Callable[[str], None], model: Model
) -> None:
    mattes = {name: stretched(detectors(Model.U2NET).detect([photo])[0]) for name, photo in subjects().items()}
    check(
        f"{model}, composed", detectors(model), list(scenes(mattes, grounds(), COUNT, np.random.default_rng(0))), report
    )


def test_low_confidence_finds_bad_results_in_a_real_video(
    detectors: Callable[[Model], Detector], report: Callable[[str], None], reference_data: Path
) -> None:
    random = np.random.default_rng(0)
    folder = reference_data / "davis-blackswan"
    pictures = []
    for frame, mask in zip(sorted(folder.rglob("*.jpg")), sorted(folder.rglob("*.png")), strict=True):
        picture = spoiled(spoiled(np.array(Image.open(frame), np.float32), random), random)
        truth = (np.array(Image.open(mask).convert("L")) > 127).astype(np.float32)
        pictures.append(Scene(picture.round().clip(0, 255).astype(np.uint8), truth))
    check("u2net, blackswan", detectors(Model.U2NET), pictures, report)
