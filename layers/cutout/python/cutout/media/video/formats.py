"""What a video can be written as, and by which encoders."""

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cache

import av
from av.error import FFmpegError

from cutout.media.video.layouts import layout


class VideoFormat(Enum):
    """The value is the ending of the file's name, and FFmpeg's name of its container."""

    MP4 = "mp4"
    WEBM = "webm"
    MOV = "mov"

    @property
    def content_type(self) -> str:
        return {"mov": "video/quicktime"}.get(self.value, f"video/{self.value}")


@dataclass(frozen=True)
class Encoding:
    """`layout` is what the encoder takes. `needs_even_sides`: it holds no odd width or height. `needs_square_pixels`:
    its container, as PyAV writes it, can't say that pixels aren't square. `is_limited`: it can't say that samples have
    their full range."""

    codec: str
    layout: str
    options: dict[str, str]
    codec_tag: str | None = None
    needs_even_sides: bool = False
    needs_square_pixels: bool = False
    is_limited: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


def encoding(video_format: VideoFormat, *, bits: int, alpha: bool, gpu: bool) -> Encoding:
    """How frames of 8 or 10 bits are encoded. With `gpu`, by NVENC where it encodes that.

    MP4 is H.264 in 8 bits, and HEVC in 10, which phones and cameras record in: few players show H.264 in 10. MP4 has no
    alpha. WebM is VP9 in 8 bits. MOV is ProRes in 10: 4444 with alpha, else 422 HQ.
    """
    match video_format:
        case VideoFormat.MP4 if alpha:
            raise ValueError("MP4 holds no alpha: compose the frames on a background first")
        case VideoFormat.MP4:
            return high_depth(gpu=gpu) if bits == 10 else plain(gpu=gpu)
        case VideoFormat.WEBM:
            return vp9(alpha=alpha)
        case VideoFormat.MOV:
            return prores(alpha=alpha)


def plain(*, gpu: bool) -> Encoding:
    if gpu:
        return Encoding("h264_nvenc", layout("420", 8), NVENC_OPTIONS, needs_even_sides=True)
    return Encoding("libx264", layout("420", 8), X264_OPTIONS, needs_even_sides=True)


def high_depth(*, gpu: bool) -> Encoding:
    if gpu:
        return Encoding("hevc_nvenc", "p010le", NVENC_OPTIONS, codec_tag="hvc1", needs_even_sides=True)
    options = {"crf": "18", "preset": "veryfast", "x265-params": "log-level=none"}
    return Encoding("libx265", layout("420", 10), options, codec_tag="hvc1", needs_even_sides=True)


def vp9(*, alpha: bool) -> Encoding:
    options = {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1", "auto-alt-ref": "0"}
    metadata = {"alpha_mode": "1"} if alpha else {}
    return Encoding("libvpx-vp9", layout("420", 8, alpha=alpha), options, needs_square_pixels=True, metadata=metadata)


def prores(*, alpha: bool) -> Encoding:
    if alpha:
        options = {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"}
        return Encoding("prores_ks", layout("444", 10, alpha=True), options, is_limited=True)
    return Encoding("prores_ks", layout("422", 10), {"profile": "hq", "vendor": "apl0"}, is_limited=True)


X264_OPTIONS = {"preset": "superfast", "crf": "17.5", "x264-params": "mbtree=1:rc-lookahead=10"}
"""On a clip of a dog in 720p as near to the frames as preset veryfast at 18 (44.6 dB), in two thirds of the processor
time, for 19 % more bytes: a video is encoded once, and a GPU may wait for it."""

NVENC_OPTIONS = {"preset": "p5", "rc": "vbr", "cq": "19", "b": "0"}


@cache
def nvenc_works() -> bool:
    """Whether this machine's GPU and driver encode: a small encoder is opened. Only a machine with a GPU says yes."""
    try:
        encoder = av.CodecContext.create("h264_nvenc", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 256, 256, "yuv420p"
        encoder.framerate, encoder.time_base = Fraction(25), Fraction(1, 25)
        encoder.open()
    except FFmpegError:
        return False
    return True
