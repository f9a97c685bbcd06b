"""How much of a white subject is lost, beside the notebook that cutout grew from. The figures are printed.

If this fails, white cups and shirts have holes.
"""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cutout.arrays import Matte, Pixels
from cutout.matting.large_kernel import large_kernel_matting
from tests.benchmarks.gallery.subtraction import subtracted
from tests.benchmarks.hair import composed, photo, seen_by_net, strokes
from tests.benchmarks.measures import mae

SIZE = 800, 1200

pytestmark = pytest.mark.benchmark


@pytest.mark.parametrize("names", [("coffee", "grass"), ("astronaut", "brick")], ids=" on ".join)
def test_white_subjects_stay_whole(names: tuple[str, str], report: Callable[[str], None]) -> None:
    alpha = strokes(*SIZE, seed=0)
    scene = composed(whitened(photo(names[0], *SIZE)), photo(names[1], *SIZE), alpha)
    saliency_map = seen_by_net(alpha)
    levels = np.rint(cv2.resize(saliency_map, SIZE[::-1]) * 255).astype(np.uint8)
    mattes = large_kernel_matting(scene.picture, saliency_map), subtracted(scene.picture, levels)
    ours, theirs = (lost(matte, alpha == 1) for matte in mattes)
    errors = [mae(alpha, matte / np.float32(255)) for matte in mattes]
    report(
        f"{' on '.join(names):20} {ours:.2%} of what is opaque lost, {theirs:.2%} by subtraction,"
        f" mean absolute error {errors[0]:.4f}, {errors[1]:.4f} by subtraction"
    )
    assert ours < 0.1 * theirs


def whitened(pixels: Pixels) -> Pixels:
    """Overexposed: some of it has no colour left."""
    return np.clip(pixels * np.float32(0.5) + 150, 0, 255).astype(np.uint8)


def lost(matte: Matte, opaque: Matte) -> float:
    """The mean of what `matte` lacks of full alpha where the subject is `opaque`."""
    return float(1 - matte[opaque].mean() / 255)
