"""A short clip with a subject, for the video job to work on, and what came of it."""

import io
from dataclasses import dataclass

import av
import cv2
import skimage.data

WIDTH, HEIGHT = 64, 48
FRAMES = 3
RATE = 10


@dataclass(frozen=True)
class Shown:
    """What a decoder finds in a video."""

    codec: str
    width: int
    height: int
    frames: int


def clip() -> bytes:
    """A cat that moves by a pixel a frame, in H.264, as an MP4 file."""
    pixels = skimage.data.chelsea()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            left = 4 * number
            small = cv2.resize(pixels[:, left : left + 400], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(small, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def shown(content: bytes) -> Shown:
    """Decode all of `content`. Raises `av.error.FFmpegError` if it is no video."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        frames = len(list(container.decode(stream)))
        return Shown(stream.codec_context.name, stream.width, stream.height, frames)
