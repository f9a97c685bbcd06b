"""What the library makes of a photo on this machine, for comparison with what the function made of it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from cutout.arrays import Floats, Pixels
from cutout.choices import Output
from cutout.events import Upload
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import Options
from cutout.photo_outputs import Rendition
from cutout.pipeline import remove_background
from cutout.saliency import engines
from cutout.saliency.detector import Detector

MATTE_TOLERANCE = 0.004
"""Mean difference of two mattes in [0, 1]. Engines and precisions differ by less, another photo or net by far more."""

WORST_TOLERANCE = 0.15
"""Difference of one pixel. On a soft edge the ways of two engines part the most."""

OPAQUE = 255


class Difference(Exception):
    """The function's output isn't what the library makes of the same photo."""


@dataclass(frozen=True)
class Reference:
    """Makes outputs with the nets in `weights`."""

    detector: Callable[[Model], Detector]

    @classmethod
    def of(cls, weights: Path) -> "Reference":
        @cache
        def detector(model: Model) -> Detector:
            return Detector(engines.load(engines.EngineName.TORCH, model, weights))

        return cls(detector)

    def renditions(self, upload: Upload, content: bytes, defaults: Options) -> tuple[Rendition, ...]:
        options = defaults.updated(upload.options)
        return remove_background(content, options, self.detector(options.model), Limits(), no_other_file).renditions


def no_other_file(key: str) -> bytes:
    raise Difference(f"the recorded events need no background picture, and {key} was asked for")


def compare(expected: Rendition, content: bytes, photo: bytes) -> float:
    """The mean difference of the mattes in [0, 1] of a PNG output and of the one that was expected.

    Raises:
        Difference: another format, size or mode, a matte beyond tolerance, or a pixel that isn't the photo's own where
            nothing was removed.
    """
    ours, theirs = opened(expected.content), opened(content)
    if (ours.format, ours.mode, ours.size) != (theirs.format, theirs.mode, theirs.size):
        raise Difference(f"{theirs.format} {theirs.mode} {theirs.size}, not {ours.format} {ours.mode} {ours.size}")
    apart = np.abs(matte(ours) - matte(theirs))
    if apart.mean() > MATTE_TOLERANCE or apart.max() > WORST_TOLERANCE:
        raise Difference(f"the matte is {apart.mean():.4f} away on average and {apart.max():.3f} at most")
    if expected.output is Output.PNG:
        compare_colours(np.asarray(theirs), np.asarray(opened(photo)))
    return float(apart.mean())


def compare_colours(cutout: Pixels, photo: Pixels) -> None:
    opaque = cutout[..., 3] == OPAQUE
    if not opaque.any():
        raise Difference("nothing of the photo is left")
    if not np.array_equal(cutout[opaque][:, :3], photo[opaque]):
        raise Difference("pixels that were kept whole aren't the photo's own")


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def matte(picture: Image.Image) -> Floats:
    channel = picture.getchannel("A") if picture.mode == "RGBA" else picture
    return np.asarray(channel, dtype=np.float32) / np.float32(OPAQUE)
