"""How near colours at soft edges come to the truth, and what that takes. The figures are printed.

If these fail, halos of the old background stay, or photos wait for their colours.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest
import skimage.data

from cutout.arrays import Floats, Pixels
from cutout.matting.foreground import estimate_foreground
from cutout.matting.refine import refine
from cutout.models import Model
from cutout.saliency.detector import Detector, normalise
from tests.benchmarks.hair import Portrait, composed, lemur, photo, portrait

PHOTOS = (("coffee", "grass"), ("chelsea", "gravel"), ("astronaut", "brick"), ("rocket", "coffee"))
SIZES = ((800, 1200), (3000, 4000))
TWELVE_MEGAPIXELS = (4000, 3000)
PEER_SLACK = 1.15
LIMIT_SECONDS = 0.15
ROUNDS = 9

pytestmark = pytest.mark.benchmark

Report = Callable[[str], None]
Peer = Callable[[str, Pixels, Floats], Floats]


@pytest.mark.parametrize("size", SIZES, ids=["1 MP", "12 MP"])
@pytest.mark.parametrize("names", PHOTOS, ids=" on ".join)
def test_colours_of_hair_are_as_near_as_the_peers(
    names: tuple[str, str], size: tuple[int, int], peer: Peer, report: Report
) -> None:
    scene = portrait(*size, *names, seed=PHOTOS.index(names))
    compared(f"{' on '.join(names)}, {size[0] * size[1] / 1e6:.0f} MP", scene, peer, report)


@pytest.mark.parametrize("background", ["itself", "brick", "chelsea", "coffee", "gravel"])
def test_colours_of_fur_are_as_near_as_the_peers(
    background: str, reference_data: Path, peer: Peer, report: Report
) -> None:
    """The lemur's own colours are taken to be those of the closed form, the slowest and best that the peer has."""
    picture, alpha = lemur(reference_data)
    own = np.rint(peer("estimate_foreground_cf", picture, alpha) * 255).astype(np.uint8)
    if background == "itself":
        scene = Portrait(picture, alpha, own)
    else:
        scene = composed(own, photo(background, *alpha.shape), alpha)
    compared(f"lemur on {background}", scene, peer, report)


def compared(name: str, scene: Portrait, peer: Peer, report: Report) -> None:
    matte = np.rint(scene.alpha * 255).astype(np.uint8)
    theirs = peer("estimate_foreground_ml", scene.picture, matte / np.float32(255)) * 255
    ours = estimate_foreground(scene.picture, matte)
    before, after, rival = (error(scene, colours) for colours in (scene.picture, ours, theirs))
    report(
        f"{name:26} colour error {before:.4f} as it was, {after:.4f} estimated,"
        f" {rival:.4f} by pymatting: {after / rival:.2f} times"
    )
    assert after < PEER_SLACK * rival


def error(scene: Portrait, colours: Pixels | Floats) -> float:
    """Mean absolute difference in [0, 1] from the foreground's own colours, weighted by alpha, over what is soft."""
    soft = (scene.alpha > 0) & (scene.alpha < 1)
    difference = np.abs(colours[soft].astype(np.float32) - scene.foreground[soft]).mean(axis=1) / 255
    return float((difference * scene.alpha[soft]).mean())


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
def test_it_is_quick_at_12_megapixels(name: str, detectors: Callable[[Model], Detector], report: Report) -> None:
    picture = cv2.resize(getattr(skimage.data, name)(), TWELVE_MEGAPIXELS, interpolation=cv2.INTER_CUBIC)
    saliency_map = normalise(detectors(Model.U2NET).detect([picture])[0])
    matte = refine(saliency_map, *picture.shape[:2], picture.dtype)
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        estimate_foreground(picture, matte)
        taken.append(time.perf_counter() - begin)
    soft = float(((matte > 0) & (matte < 255)).mean())
    report(f"{name:26} {1000 * median(taken):.0f} ms at 12 megapixels, {soft:.1%} of them soft")
    assert median(taken) < LIMIT_SECONDS
