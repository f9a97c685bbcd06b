"""Pictures with hair whose true mattes and colours are known: strokes of a pen around a head, over photos.

The photos are those that scikit-image ships. A lemur is lent, with the matte of its fur.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.matting.composite import covering

STROKES = 420
STEPS = 8
FRACTION_BITS = 4


@dataclass(frozen=True)
class Portrait:
    """`picture`: H x W x 3 uint8 = alpha `foreground` + (1 - alpha) background; `alpha`: H x W float32 in [0, 1]."""

    picture: Pixels
    alpha: Floats
    foreground: Pixels


def portrait(height: int, width: int, foreground: str, background: str, seed: int = 0) -> Portrait:
    """`foreground` and `background` name photos of `skimage.data`."""
    alpha = strokes(height, width, seed)
    front = np.clip(photo(foreground, height, width) * np.float32(0.6) + 70, 0, 255).astype(np.uint8)
    return composed(front, photo(background, height, width), alpha)


def composed(foreground: Pixels, background: Pixels, alpha: Floats) -> Portrait:
    share = alpha[..., np.newaxis]
    picture = np.rint(foreground * share + background * (1 - share)).astype(np.uint8)
    return Portrait(picture, alpha, foreground)


def photo(name: str, height: int, width: int) -> Pixels:
    pixels = getattr(skimage.data, name)()
    return covering(pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), height, width)


def strokes(height: int, width: int, seed: int) -> Floats:
    """The alpha of a head with loose hair, H x W float32 in [0, 1]."""
    random = np.random.default_rng(seed)
    scale = min(height, width) / 1080
    matte = np.zeros((height, width), np.uint8)
    centre, axes = np.array([width / 2, height * 0.6]), np.array([264, 330]) * scale
    whole_pixels = [round(value) for value in (*centre, *axes)]
    cv2.ellipse(matte, whole_pixels[:2], whole_pixels[2:], 0, 0, 360, 255, -1, cv2.LINE_AA)
    for _ in range(STROKES):
        angle = random.uniform(0.9, 2.1) * np.pi
        root = centre + axes * (np.cos(angle), np.sin(angle))
        turns = angle + random.normal(0, 0.35) + random.normal(0, 0.12, STEPS).cumsum()
        step = random.uniform(20, 90) * scale / STEPS
        points = root + step * np.stack([np.cos(turns), np.sin(turns)], axis=1).cumsum(axis=0)
        fixed = np.rint(np.vstack([root, points]) * 2**FRACTION_BITS).astype(np.int32)
        cv2.polylines(matte, [fixed], False, 255, max(1, round(1.6 * scale)), cv2.LINE_AA, FRACTION_BITS)
    return cv2.GaussianBlur(matte, (0, 0), max(0.6, 0.7 * scale)).astype(np.float32) / 255


def seen_by_net(alpha: Floats) -> SaliencyMap:
    """A model of what nets make of a matte: small, smooth, and blind to what is thinner than its pixels."""
    small = cv2.resize(alpha, (320, 320), interpolation=cv2.INTER_AREA)
    smooth: SaliencyMap = np.clip((cv2.GaussianBlur(small, (0, 0), 1.2) - 0.5) * 1.5 + 0.5, 0, 1)
    return smooth


def lemur(reference_data: Path) -> tuple[Pixels, Floats]:
    """The picture, and its alpha in [0, 1]."""
    picture = cv2.imread(str(reference_data / "lemur-alpha/images/lemur.png"))
    alpha = cv2.imread(str(reference_data / "lemur-alpha/masks/lemur.png"), cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), alpha.astype(np.float32) / 255
