"""One photo, from its file's bytes to the bytes of its outputs. This is the place to start reading."""

from collections.abc import Callable

import cv2
import numpy as np

from cutout.animation_pipeline import remove_from_animation
from cutout.arrays import Matte, as_depth
from cutout.choices import Frames
from cutout.errors import InvalidOption
from cutout.limits import Limits
from cutout.matting.assess import assess
from cutout.media.animation import decode_animation
from cutout.media.image import decode
from cutout.media.picture import Picture
from cutout.net_sample import probability_of
from cutout.options import Options
from cutout.photo_outputs import Result, rendition
from cutout.photo_parts import background_reader, box_of, matte_of, parts_of, require_subject
from cutout.saliency.detector import Detector, normalise
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.stopwatch import Stopwatch


def remove_background(
    content: bytes, options: Options, detector: Detector, limits: Limits, read_file: Callable[[str], bytes]
) -> Result:
    """Make the outputs that `options` ask for of the photo in `content`, a file's bytes.

    `detector` runs the net of `options.model`. `read_file` brings the file of a background picture.

    Raises:
        Refusal: the photo, or what is asked of it, is at fault.
    """
    options.check_for_photo()
    watch, read_picture = Stopwatch(), background_reader(read_file, limits)
    with watch.stage("decode"):
        picture = decode(content, limits)
        animation = decode_animation(content, limits) if options.frames is Frames.ALL else None
    if animation is not None:
        return remove_from_animation(animation, options, detector, read_picture, watch)
    with watch.stage("saliency"):
        probability = probability_of(picture, detector)
        saliency_map = normalise(probability)
    with watch.stage("matte"):
        matte = matte_of(picture, saliency_map, options.edges)
        require_subject(matte)
    parts = parts_of(picture, matte, options, read_picture, watch).cropped(box_of(options.crop, matte))
    renditions = tuple(rendition(output, parts, watch) for output in options.outputs)
    return Result(renditions, assess(saliency_map, float(probability.max())), watch.seconds)


def render_again(
    content: bytes, matte_content: bytes, options: Options, limits: Limits, read_file: Callable[[str], bytes]
) -> Result:
    """As `remove_background`, with the matte in `matte_content`, a file's bytes, in place of the net.

    With the `mask` that `remove_background` made of the same photo, uncropped, all outputs are the same bit for bit.
    """
    options.check_for_photo()
    watch, read_picture = Stopwatch(), background_reader(read_file, limits)
    with watch.stage("decode"):
        picture = decode(content, limits)
    with watch.stage("matte"):
        matte = read_matte(matte_content, picture, limits)
        require_subject(matte)
        small = cv2.resize(matte, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    parts = parts_of(picture, matte, options, read_picture, watch).cropped(box_of(options.crop, matte))
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
