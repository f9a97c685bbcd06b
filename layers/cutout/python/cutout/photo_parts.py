"""What all files of a photo are put together from, once its matte is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cutout.arrays import Matte, Pixels, SaliencyMap, as_depth
from cutout.choices import (
    Background,
    Blur,
    Colour,
    Crop,
    Edges,
    NoShadow,
    PictureAt,
    Shadow,
    SoftShadow,
    Subject,
    Transparent,
    WholePicture,
)
from cutout.errors import NoSubject, Refusal
from cutout.limits import Limits
from cutout.matting.composite import blurred, covering, filled, under_alpha, without_alpha
from cutout.matting.crop import subject_box
from cutout.matting.foreground import estimate_foreground
from cutout.matting.large_kernel import large_kernel_matting
from cutout.matting.refine import refine
from cutout.matting.shadow import soft_shadow
from cutout.media.colour import converted
from cutout.media.image import decode
from cutout.media.picture import Picture
from cutout.options import Options
from cutout.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file is put together from, all of one size.

    `foreground`: opaque, with the subject's own colours at soft edges. `ground`: what lies behind the subject, None
    where nothing does. `shadow`: the alpha of a black layer between the two, None where there is no shadow.
    `left`, `top`: where in the upright photo the parts begin, in pixels.
    """

    foreground: Picture
    matte: Matte
    ground: Pixels | None
    shadow: Matte | None = None
    left: int = 0
    top: int = 0

    def cropped(self, box: tuple[slice, slice]) -> "Parts":
        """`box`: rows and columns, each from a first to one after the last."""
        return Parts(
            foreground=replace(self.foreground, pixels=self.foreground.pixels[box]),
            matte=self.matte[box],
            ground=None if self.ground is None else self.ground[box],
            shadow=None if self.shadow is None else self.shadow[box],
            left=self.left + box[1].start,
            top=self.top + box[0].start,
        )


def matte_of(picture: Picture, saliency_map: SaliencyMap, edges: Edges) -> Matte:
    """All that shows of `picture`: what the net finds, under what was transparent already."""
    match edges:
        case Edges.FAST:
            matte = refine(saliency_map, picture.height, picture.width, picture.pixels.dtype)
        case Edges.FINE:
            matte = large_kernel_matting(picture.pixels, saliency_map)
    return matte if picture.alpha is None else under_alpha(matte, picture.alpha)


def require_subject(matte: Matte) -> None:
    """Raises NoSubject where nothing shows."""
    if not matte.any():
        raise NoSubject("No subject is left: what the net finds is too small, or transparent in the photo already.")


def parts_of(
    picture: Picture, matte: Matte, options: Options, read_picture: Callable[[str], Picture], watch: Stopwatch
) -> Parts:
    """Take `picture` apart. `matte` is all that shows of it: where it was transparent already, `matte` is too.

    `picture` is used up: its pixels become the foreground's. `read_picture` brings a background picture.

    Raises:
        Refusal: the background can't be used.
    """
    with watch.stage("composite"):
        ground = ground_of(options.background, picture, read_picture)
        shadow = shadow_of(options.shadow, matte)
    with watch.stage("foreground"):
        return Parts(foreground_of(picture, matte), matte, ground, shadow)


def foreground_of(picture: Picture, matte: Matte) -> Picture:
    """The subject's own colours, in the pixels of `picture` itself unless they are read-only.

    What made `picture` transparent mixed no background in: it needs no estimate.
    """
    mixed = matte if picture.alpha is None else without_alpha(matte, picture.alpha)
    pixels = np.require(picture.pixels, requirements=["C_CONTIGUOUS", "WRITEABLE"])
    return replace(picture, pixels=estimate_foreground(pixels, mixed, in_place=True), alpha=None)


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


def background_reader(read_file: Callable[[str], bytes], limits: Limits) -> Callable[[str], Picture]:
    """What reads a background picture, given what brings its file."""

    def read(key: str) -> Picture:
        try:
            return decode(read_file(key), limits)
        except Refusal as refusal:
            raise type(refusal)(f"The background {key} can't be used. {refusal}") from refusal

    return read


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
