"""One photo, from its file's bytes to the bytes of its outputs. This is the place to start reading."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cutout.arrays import Matte, Pixels, SaliencyMap, as_depth
from cutout.errors import NoSubject, Refusal
from cutout.limits import Limits
from cutout.matting.assess import assess
from cutout.matting.composite import blurred, covering, filled, under_alpha
from cutout.matting.crop import subject_box
from cutout.matting.foreground import estimate_foreground
from cutout.matting.refine import refine
from cutout.matting.shadow import soft_shadow
from cutout.media.colour import converted
from cutout.media.image import decode
from cutout.media.picture import Picture
from cutout.options import (
    Background,
    Blur,
    Colour,
    Crop,
    NoShadow,
    Options,
    PictureAt,
    Shadow,
    SoftShadow,
    Subject,
    Transparent,
    WholePicture,
)
from cutout.photo_outputs import Parts, Rendition, rendition
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
    with watch.stage("foreground"):
        foreground = replace(picture, pixels=estimate_foreground(picture.pixels, matte), alpha=None)
        matte = shown_part(matte, picture)
    with watch.stage("composite"):
        ground = ground_of(options.background, picture, lambda key: background_at(key, read_file, limits))
        shadow = shadow_of(options.shadow, matte)
        parts = Parts(foreground, matte, ground, shadow).cropped(box_of(options.crop, matte))
    renditions = tuple(rendition(output, parts, watch) for output in options.outputs)
    return Result(renditions, assess(saliency_map, float(probability.max())), watch.seconds)


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


def shown_part(matte: Matte, picture: Picture) -> Matte:
    """The matte under what was transparent in the photo already. That colour was straight and needs no estimate."""
    shown = matte if picture.alpha is None else under_alpha(matte, picture.alpha)
    if not shown.any():
        raise NoSubject("No subject is left: what the net finds is too small, or transparent in the photo already.")
    return shown


def ground_of(background: Background, picture: Picture, read_picture: Callable[[str], Picture]) -> Pixels | None:
    """What lies behind the subject, in the profile of `picture`; None where nothing does."""
    match background:
        case Transparent():
            return None
        case Colour(red, green, blue):
            colour = converted(np.array([[(red, green, blue)]], np.uint8), None, picture.icc_profile)
            return filled(colour[0, 0].tolist(), picture.pixels)
        case Blur(radius_pixels):
            return blurred(picture.pixels, radius_pixels)
        case PictureAt(key):
            behind = read_picture(key)
            cover = covering(as_depth(behind.pixels, picture.pixels.dtype), picture.height, picture.width)
            return converted(cover, behind.icc_profile, picture.icc_profile)


def background_at(key: str, read_file: Callable[[str], bytes], limits: Limits) -> Picture:
    try:
        return decode(read_file(key), limits)
    except Refusal as refusal:
        raise type(refusal)(f"The background {key} can't be used. {refusal}") from refusal


def shadow_of(shadow: Shadow, matte: Matte) -> Matte | None:
    match shadow:
        case NoShadow():
            return None
        case SoftShadow(strength_percent):
            return soft_shadow(matte, strength_percent)


def box_of(crop: Crop, matte: Matte) -> tuple[slice, slice]:
    match crop:
        case WholePicture():
            return slice(0, matte.shape[0]), slice(0, matte.shape[1])
        case Subject(margin_percent):
            return subject_box(matte, margin_percent)
