"""Pictures with known mattes, as large as the net sees them: N x 320 x 320 x 3 uint8, and N x 320 x 320 in [0, 1]."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout.arrays import Floats, Pixels
from cutout.saliency.detector import Detector, normalise
from cutout.saliency.preprocess import INPUT_SIDE, resize_bilinear
from tests.benchmarks.scenes import Scene, scenes, subjects, textures

COUNT = 24


def composed(detector: Detector, seed: int) -> tuple[Pixels, Floats]:
    """The first scenes of `seed` with textures behind; none is picked. `detector` finds the subjects' mattes."""
    mattes = {name: normalise(detector.detect([photo])[0]) for name, photo in subjects().items()}
    return resized(list(islice(scenes(mattes, textures(), 2 * COUNT, np.random.default_rng(seed)), COUNT)))


def filmed(reference_data: Path, every: int) -> tuple[Pixels, Floats]:
    """Frames of DAVIS with hand-made masks."""
    images = sorted((reference_data / "davis-blackswan" / "images").glob("*.jpg"))[::every]
    masks = [image.parents[1] / "masks" / image.with_suffix(".png").name for image in images]
    pairs = zip(images, masks, strict=True)
    return resized([Scene(opened(image, "RGB"), opened(mask, "L") / np.float32(255)) for image, mask in pairs])


def opened(path: Path, mode: str) -> Pixels:
    return np.asarray(Image.open(path).convert(mode))


def resized(pictures: Sequence[Scene]) -> tuple[Pixels, Floats]:
    small = [resize_bilinear(scene.picture, INPUT_SIDE).round().clip(0, 255) for scene in pictures]
    mattes = [cv2.resize(scene.truth, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA) for scene in pictures]
    return np.stack(small).astype(np.uint8), np.stack(mattes)
