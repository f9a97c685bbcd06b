"""What the colours of a frame mean: matrix, primaries, transfer and range, numbered as in ITU-T H.273."""

from dataclasses import dataclass

import av
from av.video.reformatter import ColorRange, Colorspace

UNSPECIFIED = 2
BT709 = 1
BT601 = 6
HIGH_DEFINITION_FROM_LINES = 720
LIMITED, FULL = 1, 2

GRAPHICS_WHITE = {16: 0.58, 18: 0.75}
"""The signal of a white page where 1.0 is the brightest of lights, by transfer: PQ and HLG. ITU-R BT.2408, table 1."""

_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


@dataclass(frozen=True)
class ColourTags:
    """`color_range` is FFmpeg's: 1 for limited, 2 for full."""

    matrix: int
    primaries: int
    transfer: int
    color_range: int

    @property
    def swscale_matrix(self) -> Colorspace:
        return _MATRICES[self.matrix]

    @property
    def swscale_range(self) -> ColorRange:
        return ColorRange.JPEG if self.color_range == FULL else ColorRange.MPEG

    @property
    def graphics_white(self) -> float:
        """The share of the largest signal at which a white page is shown."""
        return GRAPHICS_WHITE.get(self.transfer, 1.0)

    def put_on(self, frame: av.VideoFrame) -> None:
        """Encoders and muxers read the tags from the frame."""
        frame.colorspace = self.matrix
        frame.color_primaries = self.primaries
        frame.color_trc = self.transfer
        frame.color_range = self.color_range


NOTHING_STATED = ColourTags(UNSPECIFIED, UNSPECIFIED, UNSPECIFIED, 0)


def tags_of(frame: av.VideoFrame, stated: ColourTags = NOTHING_STATED) -> ColourTags:
    """The frame's own tags, else those `stated` by its container.

    What isn't tagged is taken as BT.709 from 720 lines on and as BT.601 below.
    """
    matrix, primaries, transfer = (
        own if own != UNSPECIFIED else theirs
        for own, theirs in (
            (int(frame.colorspace), stated.matrix),
            (int(frame.color_primaries), stated.primaries),
            (int(frame.color_trc), stated.transfer),
        )
    )
    if matrix not in _MATRICES:
        guess = BT709 if min(frame.width, frame.height) >= HIGH_DEFINITION_FROM_LINES else BT601
        matrix = guess
        primaries, transfer = (guess if value == UNSPECIFIED else value for value in (primaries, transfer))
    is_full = (int(frame.color_range) or stated.color_range) == FULL or frame.format.name.startswith("yuvj")
    return ColourTags(matrix, primaries, transfer, FULL if is_full else LIMITED)


def stated_by(context: av.CodecContext) -> ColourTags:
    """What the container says, before a frame is decoded; some of it may be unspecified."""
    return ColourTags(
        int(context.colorspace), int(context.color_primaries), int(context.color_trc), int(context.color_range)
    )


def black_of(tags: ColourTags, bits: int) -> tuple[int, int, int]:
    """Luma and chroma of black, in samples of `bits` bits."""
    deeper = bits - 8
    return (0 if tags.color_range == FULL else 16) << deeper, 128 << deeper, 128 << deeper
