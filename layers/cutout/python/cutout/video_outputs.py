"""What goes into each file that is made of a video: the subject on a ground, with its alpha, or the matte alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from cutout.arrays import Matte, Pixels, as_depth
from cutout.choices import Background, Output, Transparent
from cutout.errors import TooManyPixels
from cutout.matting.planes import matte_for, over_planes, padded
from cutout.media.video.formats import Encoding, VideoFormat, encoding
from cutout.media.video.layouts import bits_of, layout, planes, subsampling_of
from cutout.media.video.reader import Frame
from cutout.media.video.tags import LIMITED, ColourTags, black_of

COLOUR_PLANES = 3
HIDDEN_FROM_PIXELS = 8
"""How far from the subject its surroundings are hidden, so that the edge of what is hidden doesn't blur into it."""

LARGEST_SIDE_PIXELS = 16384
LARGEST_SIDE_PIXELS_OF_NVENC = 4096
"""Of H.264, which every encoder here reaches, and of it on a GPU."""

MATTE_RANGE = np.rint(np.linspace(16, 235, 256)).astype(np.uint8)
"""Nil to full alpha as luma in limited range, which every player shows as black to white."""

FORMATS = {
    Output.MP4: VideoFormat.MP4,
    Output.WEBM: VideoFormat.WEBM,
    Output.MOV: VideoFormat.MOV,
    Output.MASK: VideoFormat.MP4,
}


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame, its matte, H x W uint16, and itself on its ground where an output shows that."""

    frame: Frame
    matte: Matte
    on_ground: VideoFrame | None


class Composer(Protocol):
    """Makes what one output shows of each shot, in its encoder's layout."""

    def compose(self, shot: Shot) -> VideoFrame: ...


def has_ground(output: Output, background: Background) -> bool:
    """Whether `output` is opaque. MP4 always is."""
    return output is Output.MP4 or (output is not Output.MASK and not isinstance(background, Transparent))


def encoding_of(output: Output, background: Background, first: Frame, *, gpu: bool) -> Encoding:
    """How `output` is encoded, for a video whose frames are like `first`. Raises TooManyPixels."""
    check_sides(output, first.picture)
    gpu = gpu and max(first.picture.width, first.picture.height) <= LARGEST_SIDE_PIXELS_OF_NVENC
    if output is Output.MASK:
        return encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=gpu)
    bits = bits_of(first.picture.format.name)
    return encoding(FORMATS[output], bits=bits, alpha=not has_ground(output, background), gpu=gpu)


def check_sides(output: Output, picture: VideoFrame) -> None:
    """Raises TooManyPixels where a side of the frames is longer than the output's encoder takes."""
    longest = max(picture.width, picture.height)
    if longest > LARGEST_SIDE_PIXELS:
        raise TooManyPixels(
            f"The frames are {picture.width} x {picture.height} pixels, and {output} holds at most"
            f" {LARGEST_SIDE_PIXELS} a side: upload a smaller version."
        )


def composer_of(
    output: Output, background: Background, target: Encoding, sample_aspect_ratio: Fraction | None
) -> Composer:
    if output is Output.MASK:
        return MatteAlone(target)
    composer = OnGround(target) if has_ground(output, background) else WithAlpha(target)
    if target.needs_square_pixels and sample_aspect_ratio not in (None, 1):
        return Squared(composer, sample_aspect_ratio)
    return composer


def on_ground(frame: Frame, matte: Matte, ground: Sequence[Pixels]) -> VideoFrame:
    """`frame` over `ground`, its own planes, in its own layout without alpha. Where alpha is full no sample changes."""
    name = frame.picture.format.name
    bits = bits_of(name)
    result = VideoFrame(frame.picture.width, frame.picture.height, layout(subsampling_of(name), bits))
    colours = planes(frame.picture)[:COLOUR_PLANES]
    over_planes(colours, in_bits(matte, bits), ground, (1 << bits) - 1, planes(result))
    return result


def in_bits(matte: Matte, bits: int) -> Matte:
    """`matte`, uint16 of 16 bits, in 8 bits as uint8 or in 10 as uint16."""
    return as_depth(matte, np.uint8) if bits == 8 else matte >> (16 - bits)


class OnGround:
    def __init__(self, target: Encoding) -> None:
        self._target = target
        self._reformatter = VideoReformatter()

    def compose(self, shot: Shot) -> VideoFrame:
        if shot.on_ground is None:
            raise ValueError("an opaque output is made of a shot on its ground")
        whole = even(shot.on_ground) if self._target.needs_even_sides else shot.on_ground
        tags = tags_for(self._target, shot)
        shown = reformatted(whole, self._target.layout, shot.frame.tags, tags, self._reformatter)
        # Tags are put on what only this output sees.
        return finished(copied(shown) if shown is shot.on_ground else shown, shot, tags)


class WithAlpha:
    """Straight alpha. What it hides is black, and no more in the file, but for a narrow seam."""

    def __init__(self, target: Encoding) -> None:
        self._target = target
        self._reformatter = VideoReformatter()
        side = 2 * HIDDEN_FROM_PIXELS + 1
        self._seam = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))

    def compose(self, shot: Shot) -> VideoFrame:
        target, bits = self._target.layout, bits_of(self._target.layout)
        picture, own, tags = shot.frame.picture, shot.frame.tags, tags_for(self._target, shot)
        opaque = reformatted(picture, layout(subsampling_of(target), bits), own, tags, self._reformatter)
        result = VideoFrame(picture.width, picture.height, target)
        *colours, alpha = planes(result)
        shown = cv2.dilate((shot.matte > 0).astype(np.uint8), self._seam)
        black = black_of(tags, bits)
        for plane, source, sample in zip(colours, planes(opaque), black, strict=False):
            plane[...] = sample
            np.copyto(plane, source, where=matte_for(plane, shown * np.uint8(255)) > 0)
        alpha[...] = in_bits(shot.matte, bits)
        return finished(result, shot, tags)


class MatteAlone:
    """Grey: black is nil and white is full alpha."""

    def __init__(self, target: Encoding) -> None:
        self._target = target

    def compose(self, shot: Shot) -> VideoFrame:
        height, width = shot.matte.shape
        result = VideoFrame(width + width % 2, height + height % 2, self._target.layout)
        luma, *chroma = planes(result)
        padded(cv2.LUT(in_bits(shot.matte, 8), MATTE_RANGE), luma)
        for plane in chroma:
            plane[...] = 128
        return finished(result, shot, replace(shot.frame.tags, color_range=LIMITED))


class Squared:
    """What another composer makes of shots that are scaled in width, so that their pixels are square."""

    def __init__(self, composer: Composer, sample_aspect_ratio: Fraction) -> None:
        self._composer = composer
        self._ratio = sample_aspect_ratio
        self._reformatter = VideoReformatter()

    def compose(self, shot: Shot) -> VideoFrame:
        height, width = shot.matte.shape
        size = round(width * self._ratio), height
        picture = self._reformatter.reformat(shot.frame.picture, *size)
        picture.pts, picture.time_base = shot.frame.pts, shot.frame.picture.time_base
        shown = shot.on_ground and self._reformatter.reformat(shot.on_ground, *size)
        return self._composer.compose(Shot(replace(shot.frame, picture=picture), cv2.resize(shot.matte, size), shown))


def tags_for(target: Encoding, shot: Shot) -> ColourTags:
    return replace(shot.frame.tags, color_range=LIMITED) if target.is_limited else shot.frame.tags


def reformatted(
    picture: VideoFrame, name: str, own: ColourTags, tags: ColourTags, reformatter: VideoReformatter
) -> VideoFrame:
    """`picture`, whose tags are `own`, in another layout and in the range of `tags`. Its colours stay what they are."""
    if picture.format.name == name and own == tags:
        return picture
    return reformatter.reformat(
        picture,
        format=name,
        src_colorspace=own.swscale_matrix,
        dst_colorspace=tags.swscale_matrix,
        src_color_range=own.swscale_range,
        dst_color_range=tags.swscale_range,
    )


def copied(picture: VideoFrame) -> VideoFrame:
    result = VideoFrame(picture.width, picture.height, picture.format.name)
    for source, target in zip(planes(picture), planes(result), strict=True):
        np.copyto(target, source)
    return result


def even(picture: VideoFrame) -> VideoFrame:
    """`picture` with its last row and column twice where its height and width are odd: encoders of 4:2:0 ask it."""
    width, height = picture.width, picture.height
    if width % 2 == 0 and height % 2 == 0:
        return picture
    result = VideoFrame(width + width % 2, height + height % 2, picture.format.name)
    for source, target in zip(planes(picture), planes(result), strict=True):
        padded(source, target)
    return result


def finished(picture: VideoFrame, shot: Shot, tags: ColourTags) -> VideoFrame:
    """`picture` with the time of its shot and what its colours mean."""
    picture.pts, picture.time_base = shot.frame.pts, shot.frame.picture.time_base
    tags.put_on(picture)
    return picture
