"""What lies behind the subject of a video, frame by frame, in the frames' own YUV."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import BinaryIO, Protocol

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from cutout.arrays import Pixels
from cutout.choices import Background, Blur, Colour, PictureAt, Transparent
from cutout.errors import Refusal
from cutout.limits import Limits, VideoLimits
from cutout.matting.composite import blurred, covering, filled
from cutout.media.image import decode
from cutout.media.video.layouts import bits_of, layout, planes, subsampling_of
from cutout.media.video.reader import Frame, VideoReader
from cutout.routes import is_video

WHITE = Colour(255, 255, 255)
COLOUR_PLANES = 3


class Ground(Protocol):
    def behind(self, frame: Frame) -> Sequence[Pixels]:
        """Luma and both chroma planes of what lies behind `frame`, in its layout. Frames come in order."""


class Still:
    """One picture, or one colour, behind all frames. `pixels`: H x W x 3 RGB, uint8 or uint16."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self._planes: Sequence[Pixels] = ()

    def behind(self, frame: Frame) -> Sequence[Pixels]:
        if not self._planes:
            fitting = covering(self._pixels, frame.picture.height, frame.picture.width)
            self._planes = in_yuv(fitting, frame)
        return self._planes


class Blurred:
    """The frame's own surroundings, blurred."""

    def __init__(self, radius_pixels: int) -> None:
        self._radius_pixels = radius_pixels

    def behind(self, frame: Frame) -> Sequence[Pixels]:
        width = frame.picture.width
        return [
            blurred(plane, max(1, round(self._radius_pixels * plane.shape[1] / width)))
            for plane in planes(frame.picture)[:COLOUR_PLANES]
        ]


class Moving:
    """Another video, which begins with the first frame and is repeated where it ends too soon. It stays silent."""

    def __init__(self, file: BinaryIO, limits: VideoLimits) -> None:
        self._file = file
        self._limits = limits
        self._reformatter = VideoReformatter()
        self._shots = self._forever()
        self._now, self._next = next(self._shots), next(self._shots)
        self._shown: Frame | None = None
        self._planes: Sequence[Pixels] = ()
        self._first_pts: int | None = None

    def behind(self, frame: Frame) -> Sequence[Pixels]:
        if self._first_pts is None:
            self._first_pts = frame.pts
        seconds = (frame.pts - self._first_pts) * frame.picture.time_base
        while self._next[0] <= seconds:
            self._now, self._next = self._next, next(self._shots)
        if self._now[1] is not self._shown:
            self._shown = self._now[1]
            self._planes = self._fitted(self._shown, frame)
        return self._planes

    def close(self) -> None:
        self._shots.close()

    def _forever(self) -> Generator[tuple[Fraction, Frame], None, None]:
        """Each frame and the second at which it is shown."""
        begin = Fraction(0)
        while True:
            with VideoReader(self._file, self._limits) as reader:
                for item in reader.read():
                    if isinstance(item, Frame):
                        since = (item.pts - (reader.timeline.first_pts or 0)) * reader.header.time_base
                        yield begin + since, item
                begin += reader.timeline.length

    def _fitted(self, shown: Frame, frame: Frame) -> Sequence[Pixels]:
        """`shown` scaled to cover `frame`, in its layout and colours, and cut about the centre."""
        height, width = frame.picture.height, frame.picture.width
        scale = max(height / shown.picture.height, width / shown.picture.width)
        covering_frame = self._reformatter.reformat(
            shown.picture,
            max(width, round(shown.picture.width * scale)),
            max(height, round(shown.picture.height * scale)),
            colour_layout(frame),
            src_colorspace=shown.tags.swscale_matrix,
            dst_colorspace=frame.tags.swscale_matrix,
            src_color_range=shown.tags.swscale_range,
            dst_color_range=frame.tags.swscale_range,
        )
        return [
            centre(plane, like.shape)
            for plane, like in zip(planes(covering_frame), planes(frame.picture), strict=False)
        ]


def centre(plane: Pixels, shape: tuple[int, ...]) -> Pixels:
    top, left = ((have - want) // 2 for have, want in zip(plane.shape, shape, strict=True))
    return plane[top : top + shape[0], left : left + shape[1]]


def colour_layout(frame: Frame) -> str:
    """The frame's layout without its alpha."""
    name = frame.picture.format.name
    return layout(subsampling_of(name), bits_of(name))


def in_yuv(pixels: Pixels, frame: Frame) -> Sequence[Pixels]:
    """`pixels`, H x W x 3 RGB in sRGB, as planes in the layout and the colours of `frame`.

    On high dynamic range, white becomes the white of a page, not the brightest of lights.
    """
    shown = np.ascontiguousarray(np.rint(pixels * frame.tags.graphics_white).astype(pixels.dtype))
    picture = VideoFrame.from_ndarray(shown, format="rgb24" if pixels.dtype == np.uint8 else "rgb48le")
    return planes(
        VideoReformatter().reformat(
            picture,
            format=colour_layout(frame),
            dst_colorspace=frame.tags.swscale_matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=frame.tags.swscale_range,
        )
    )


@contextmanager
def ground_of(background: Background, limits: VideoLimits, open_file: Callable[[str], BinaryIO]) -> Iterator[Ground]:
    """What `background` asks for. An opaque video has to have something behind: white, where nothing is asked for.

    `open_file` opens the file of a background picture or video.

    Raises:
        Refusal: that can't be used.
    """
    with ExitStack() as resources:
        match background:
            case Transparent():
                yield of_colour(WHITE)
            case Colour():
                yield of_colour(background)
            case Blur(radius_pixels):
                yield Blurred(radius_pixels)
            case PictureAt(key):
                with named_after(key):
                    file = resources.enter_context(open_file(key))
                    ground = Moving(file, limits) if is_video(key) else Still(read_picture(file))
                if isinstance(ground, Moving):
                    resources.callback(ground.close)
                yield ground


def of_colour(colour: Colour) -> Still:
    return Still(filled((colour.red, colour.green, colour.blue), np.empty((2, 2, 3), np.uint8)))


def read_picture(file: BinaryIO) -> Pixels:
    limits = Limits()
    return decode(file.read(limits.bytes + 1), limits).pixels


@contextmanager
def named_after(key: str) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise type(refusal)(f"The background {key} can't be used. {refusal}") from refusal
