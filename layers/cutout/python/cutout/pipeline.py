"""One photo, from its file's bytes to the bytes of its outputs. This is the place to start reading."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cutout.arrays import Matte, SaliencyMap, as_depth
from cutout.errors import InvalidOption
from cutout.limits import Limits
from cutout.matting.assess import assess
from cutout.matting.composite import under_alpha
from cutout.matting.refine import refine
from cutout.media.colour import converted
from cutout.media.image import decode
from cutout.media.picture import Picture
from cutout.options import Options
from cutout.photo_outputs import Rendition, rendition
from cutout.photo_parts import background_at, parts_of
from cutout.saliency.detector import Detector, normalise
from cutout.saliency.preprocess import INPUT_SIDE, resize_bilinear
from cutout.stopwatch import Stopwatch
from cutout.verdict import Verdict


@dataclass(frozen=True)
class Result:
    """All that was made of one photo. `seconds` are by stage, in the order of the stages."""

    renditions: tuple[Rendition, ...]
    verdict: Verdict
    seconds: dict[str, float]


def remove_background(
    content: bytes, options: Options, detector: Detector, limits: Limits, read_file: Callable[[str], bytes]
) -> Result:
    """Make the outputs that `options` ask for of the photo in `content`, a file's bytes.

    `detector` runs the net of `options.model`. `read_file` brings the file of a background picture.

    Raises:
        Refusal: the photo, or what is asked of it, is at fault.
    """
    options.check_for_photo()
    watch = Stopwatch()
    with watch.stage("decode"):
        picture = decode(content, limits)
    with watch.stage("saliency"):
        probability = seen_by(detector, picture)
        saliency_map = normalise(probability)
    with watch.stage("matte"):
        matte = refine(saliency_map, picture.height, picture.width, picture.pixels.dtype)
        if picture.alpha is not None:
            matte = under_alpha(matte, picture.alpha)
    parts = parts_of(picture, matte, options, lambda key: background_at(key, read_file, limits), watch)
    renditions = tuple(rendition(output, parts, watch) for output in options.outputs)
    return Result(renditions, assess(saliency_map, float(probability.max())), watch.seconds)


def render_again(
    content: bytes, matte_content: bytes, options: Options, limits: Limits, read_file: Callable[[str], bytes]
) -> Result:
    """As `remove_background`, with the matte in `matte_content`, a file's bytes, in place of the net.

    With the `mask` that `remove_background` made of the same photo, uncropped, all outputs are the same bit for bit.
    """
    options.check_for_photo()
    watch = Stopwatch()
    with watch.stage("decode"):
        picture = decode(content, limits)
    with watch.stage("matte"):
        matte = read_matte(matte_content, picture, limits)
        small = cv2.resize(matte, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    parts = parts_of(picture, matte, options, lambda key: background_at(key, read_file, limits), watch)
    renditions = tuple(rendition(output, parts, watch) for output in options.outputs)
    verdict = assess(small.astype(np.float32) / np.iinfo(matte.dtype).max, highest=1.0)
    return Result(renditions, verdict, watch.seconds)


def read_matte(content: bytes, picture: Picture, limits: Limits) -> Matte:
    """A matte for `picture` from a grey picture, or from one with transparency, which counts then."""
    drawn = decode(content, limits)
    if (drawn.width, drawn.height) != (picture.width, picture.height):
        raise InvalidOption(
            f"The matte is {drawn.width} x {drawn.height} pixels, and the photo, upright,"
            f" {picture.width} x {picture.height}: a matte has its photo's size."
        )
    grey = drawn.pixels[..., 0]
    if drawn.alpha is None and (drawn.pixels != grey[..., np.newaxis]).any():
        raise InvalidOption("The matte is in colour: a matte is grey, white where the subject is, or transparent.")
    matte = as_depth(grey if drawn.alpha is None else drawn.alpha, picture.pixels.dtype)
    return matte if picture.alpha is None else np.minimum(matte, picture.alpha)


def seen_by(detector: Detector, picture: Picture) -> SaliencyMap:
    """What the net says of `picture`, whose colours it is shown in sRGB, whatever profile they stay in."""
    if picture.icc_profile is None:
        probabilities = detector.detect([picture.pixels])
    else:
        largest = np.iinfo(picture.pixels.dtype).max
        sample = np.rint(resize_bilinear(picture.pixels, INPUT_SIDE) * (255 / largest)).astype(np.uint8)
        probabilities = detector.detect_resized(converted(sample, picture.icc_profile, None)[np.newaxis])
    probability: SaliencyMap = probabilities[0]
    return probability
