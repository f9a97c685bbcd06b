"""How near mattes come to the truth at edges of hair and fur, and what that takes. The figures are printed.

If these fail, `fine` edges are not worth their time, or are worse than `fast` ones somewhere.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest
import skimage.data

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.errors import NoSubject
from cutout.matting.large_kernel import large_kernel_matting
from cutout.matting.refine import refine
from cutout.models import Model
from cutout.saliency.detector import Detector, normalise
from tests.benchmarks.hair import lemur, portrait, seen_by_net
from tests.benchmarks.measures import gradient_error, iou, mae
from tests.benchmarks.scenes import Scene, grounds, scenes, subjects

PHOTOS = (("coffee", "grass"), ("chelsea", "gravel"), ("astronaut", "brick"), ("rocket", "coffee"))
TWELVE_MEGAPIXELS = (4000, 3000)
LIMIT_SECONDS = 0.2
ROUNDS = 9
SCENES, SCENES_SEED = 24, 1
SLACK = 0.0005
REMBG_FOREGROUND, REMBG_BACKGROUND, REMBG_ERODED = 240, 10, 10
"""rembg's own defaults for its alpha matting: levels of 255, and pixels."""

pytestmark = pytest.mark.benchmark

Report = Callable[[str], None]
Peer = Callable[[str, Pixels, Floats], Floats]
Detectors = Callable[[Model], Detector]


@pytest.mark.parametrize("names", PHOTOS, ids=" on ".join)
def test_hair_is_nearer_to_the_truth(names: tuple[str, str], report: Report) -> None:
    scene = portrait(800, 1200, *names, seed=PHOTOS.index(names))
    fast, fine = compared(" on ".join(names), scene.picture, scene.alpha, seen_by_net(scene.alpha), report)
    assert fine < 0.9 * fast


def test_fur_is_nearer_to_the_truth(reference_data: Path, detectors: Detectors, peer: Peer, report: Report) -> None:
    picture, alpha = lemur(reference_data)
    saliency_map = detected(picture, detectors)
    fast, fine = compared("lemur", picture, alpha, saliency_map, report)
    closed_form = peer("estimate_alpha_cf", picture, rembg_trimap(saliency_map, *alpha.shape))
    report(f"{'':20} gradient error {gradient_error(closed_form, alpha):6.2f} by closed form, as rembg has it")
    assert fine < 0.7 * fast


def compared(
    name: str, picture: Pixels, alpha: Floats, saliency_map: SaliencyMap, report: Report
) -> tuple[float, float]:
    """The gradient errors of fast and fine edges."""
    mattes = [matte / np.float32(255) for matte in both(picture, saliency_map)]
    fast, fine = (gradient_error(matte, alpha) for matte in mattes)
    squares = [1000 * float(((matte - alpha) ** 2).mean()) for matte in mattes]
    report(
        f"{name:20} gradient error {fast:6.2f} fast {fine:6.2f} fine,"
        f" mean squared error {squares[0]:5.2f} fast {squares[1]:5.2f} fine, in thousandths"
    )
    return fast, fine


def both(picture: Pixels, saliency_map: SaliencyMap) -> tuple[Floats, Floats]:
    """The mattes of fast and fine edges."""
    return refine(saliency_map, *picture.shape[:2], np.uint8), large_kernel_matting(picture, saliency_map)


def detected(picture: Pixels, detectors: Detectors) -> SaliencyMap:
    return normalise(detectors(Model.U2NET).detect([picture])[0])


def rembg_trimap(saliency_map: SaliencyMap, height: int, width: int) -> Floats:
    """1 and 0 where the map is sure, 0.5 elsewhere."""
    matte = np.rint(cv2.resize(saliency_map, (width, height)) * 255)
    kernel = np.ones((REMBG_ERODED, REMBG_ERODED), np.uint8)
    front, behind = (
        cv2.erode(sure.astype(np.uint8), kernel) for sure in (matte > REMBG_FOREGROUND, matte < REMBG_BACKGROUND)
    )
    return np.where(front > 0, 1, np.where(behind > 0, 0, 0.5)).astype(np.float32)


def test_hard_edges_are_not_worse(reference_data: Path, detectors: Detectors, report: Report) -> None:
    """Swans, dark on dark water, against hand-made masks, which have no soft edges."""
    frames = []
    for path in sorted((reference_data / "davis-blackswan/images").iterdir())[::10]:
        mask_path = next((reference_data / "davis-blackswan/masks").glob(f"{path.stem}.*"))
        truth = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE) > 0
        frames.append(Scene(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), truth.astype(np.float32)))
    not_worse("swans", frames, detectors, report)


def test_photos_in_front_of_anything_are_not_worse(detectors: Detectors, report: Report) -> None:
    mattes = {name: detected(photo, detectors) for name, photo in subjects().items()}
    not_worse(
        "composed scenes", scenes(mattes, grounds(), SCENES, np.random.default_rng(SCENES_SEED)), detectors, report
    )


def not_worse(name: str, shown: Iterable[Scene], detectors: Detectors, report: Report) -> None:
    differences, overlaps = [], []
    for scene in shown:
        try:
            saliency_map = detected(scene.picture, detectors)
        except NoSubject:
            continue
        mattes = [matte / np.float32(255) for matte in both(scene.picture, saliency_map)]
        differences.append([mae(scene.truth, matte) for matte in mattes])
        overlaps.append([iou(scene.truth[None], matte[None]) for matte in mattes])
    (fast, fine), (overlap, fine_overlap) = np.mean(differences, axis=0), np.mean(overlaps, axis=0)
    report(
        f"{name:20} mean absolute error {fast:.4f} fast {fine:.4f} fine,"
        f" intersection over union {overlap:.4f} fast {fine_overlap:.4f} fine"
    )
    assert fine < fast + SLACK
    assert fine_overlap > overlap - SLACK


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
def test_it_is_quick_at_12_megapixels(name: str, detectors: Detectors, report: Report) -> None:
    picture = cv2.resize(getattr(skimage.data, name)(), TWELVE_MEGAPIXELS, interpolation=cv2.INTER_CUBIC)
    saliency_map = detected(picture, detectors)
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        large_kernel_matting(picture, saliency_map)
        taken.append(time.perf_counter() - begin)
    report(f"{name:20} {1000 * median(taken):.0f} ms at 12 megapixels")
    assert median(taken) < LIMIT_SECONDS
