"""How samples lie in a frame. Few of FFmpeg's many layouts are worked in; every other becomes the nearest of these."""

from functools import cache

import av
import numpy as np

from cutout.media.picture import Samples

SUBSAMPLINGS = {(8, 8): "420", (8, 16): "422", (16, 16): "444"}
"""Of chroma: its width and height where luma is 16 x 16, and what that is called."""

COARSER = {(4, 16): "422", (16, 8): "444", (4, 4): "420", (4, 8): "420", (8, 4): "420"}
"""What the rarer subsamplings become."""


def layout(subsampling: str, bits: int, *, alpha: bool = False) -> str:
    """FFmpeg's name of a planar layout, such as yuva444p10le."""
    return f"yuv{'a' if alpha else ''}{subsampling}p{'10le' if bits == 10 else ''}"


@cache
def working_layout(name: str) -> str:
    """The layout in which frames that arrive as `name` are worked in: planar YUV, 8 or 10 bits, alpha kept.

    What has 8 bits keeps 8 and what has more gets 10, the most that a video output holds. RGB becomes 4:4:4.
    """
    arrived = av.VideoFormat(name, 16, 16)
    bits = 8 if max(part.bits for part in arrived.components) <= 8 else 10
    if arrived.is_rgb or arrived.has_palette:
        subsampling = "444"
    elif len(arrived.components) < 3:
        subsampling = "420"
    else:
        chroma = (arrived.chroma_width(16), arrived.chroma_height(16))
        subsampling = SUBSAMPLINGS.get(chroma) or COARSER.get(chroma, "444")
    return layout(subsampling, bits, alpha=has_alpha(name))


@cache
def has_alpha(name: str) -> bool:
    return any(part.is_alpha for part in av.VideoFormat(name, 16, 16).components) or name == "pal8"


@cache
def subsampling_of(name: str) -> str:
    """420, 422 or 444, of a working layout."""
    return next(kind for kind in SUBSAMPLINGS.values() if kind in name)


@cache
def bits_of(name: str) -> int:
    """Bits of a sample, 8 or 10, of a working layout."""
    return 10 if name.endswith("10le") else 8


def planes(frame: av.VideoFrame) -> list[Samples]:
    """The samples of a frame in a working layout, plane by plane, as arrays that share its memory.

    H x W each for luma and alpha, chroma by its subsampling; uint8, or uint16 that hold 10 bits.
    """
    dtype = np.dtype(np.uint8 if bits_of(frame.format.name) == 8 else np.uint16)
    return [
        np.frombuffer(plane, dtype).reshape(plane.height, plane.line_size // dtype.itemsize)[:, : plane.width]
        for plane in frame.planes
    ]
