"""What each output of a cutout of 12 megapixels costs: time, bytes, and error where the subject is opaque.

The settings beside those of `cutout.media.web_formats` show what they were chosen over. If this fails, an output loses
more of the subject than its format has to.
"""

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from cutout.arrays import Pixels
from cutout.limits import Limits
from cutout.media import web_formats
from cutout.media.image import ImageFormat, decode, encode
from cutout.media.picture import Picture
from cutout.media.web_formats import AVIF, LOSSLESS_WEBP, WEBP, encode_avif, encode_lossless_webp, encode_webp

ROUNDS = 3
LEAST_DECIBELS = 34
"""Noise of 3 steps that is smoothed away entirely is 38.6 dB, and chroma at half the size costs some more."""
SETTINGS: dict[str, tuple[Callable[[Picture], bytes], str, dict[str, Any]]] = {
    "webp, method 4": (encode_webp, "WEBP", {**WEBP, "method": 4}),
    "webp-lossless, method 0": (encode_lossless_webp, "LOSSLESS_WEBP", {**LOSSLESS_WEBP, "method": 0}),
    "webp-lossless, effort 50": (encode_lossless_webp, "LOSSLESS_WEBP", {**LOSSLESS_WEBP, "quality": 50}),
    "avif, speed 8": (encode_avif, "AVIF", {**AVIF, "speed": 8}),
    "avif, speed 6": (encode_avif, "AVIF", {**AVIF, "speed": 6}),
    "avif, lossy alpha": (encode_avif, "AVIF", {**AVIF, "advanced": {}}),
}

pytestmark = pytest.mark.benchmark


@pytest.fixture
def cutout(cat: Pixels) -> Picture:
    """A cat of 12 megapixels with a camera's noise, cut out along an ellipse with a soft edge."""
    noise = np.random.default_rng(1).normal(0, 3, (3000, 4000, 3))
    pixels = np.clip(cv2.resize(cat, (4000, 3000), interpolation=cv2.INTER_CUBIC) + noise, 0, 255).astype(np.uint8)
    y, x = np.mgrid[:3000, :4000]
    alpha = (np.clip((1 - np.hypot((x - 2000) / 1500, (y - 1500) / 1200)) * 20, 0, 1) * 255).round().astype(np.uint8)
    return Picture(pixels * (alpha > 0)[..., np.newaxis], alpha, None, None, None, "PNG")


def measured(cutout: Picture, write: Callable[[Picture], bytes]) -> tuple[str, float]:
    """A line of figures, and the signal-to-noise ratio in decibels where alpha is full."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        data = write(cutout)
        seconds.append(time.perf_counter() - begin)
    again = decode(data, Limits())
    assert again.alpha is not None
    assert cutout.alpha is not None
    opaque = cutout.alpha == 255
    error = float(np.square(again.pixels[opaque].astype(np.float32) - cutout.pixels[opaque]).mean())
    decibels = 10 * np.log10(255**2 / error) if error else np.inf
    kept = (again.alpha[opaque] == 255).mean()
    return f"{np.median(seconds):5.2f} s {len(data) / 1e6:6.2f} MB {decibels:5.1f} dB, alpha kept {kept:.3%}", decibels


def test_what_each_output_costs(
    cutout: Picture, monkeypatch: pytest.MonkeyPatch, report: Callable[[str], None]
) -> None:
    figures = {}
    for image_format in (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.WEBP_LOSSLESS, ImageFormat.AVIF):
        figures[image_format.value], decibels = measured(cutout, lambda picture, to=image_format: encode(picture, to))  # type: ignore[misc]
        assert decibels >= (LEAST_DECIBELS if image_format in (ImageFormat.WEBP, ImageFormat.AVIF) else np.inf)
    for name, (write, setting, changed) in SETTINGS.items():
        with monkeypatch.context() as patch:
            patch.setattr(web_formats, setting, changed)
            figures[name], _ = measured(cutout, write)
    for name, line in figures.items():
        report(f"{name:26} {line}")
