"""Opening a video: what is let in, and what is refused by name before a frame is decoded."""

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from cutout.errors import EmptyFile, NoVideoStream, TooLong, TooManyBytes, TooManyPixels, UnreadableVideo
from cutout.limits import VideoLimits
from cutout.media.signature import refuse_still

CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf"
"""FFmpeg's demuxers that are let in. Left out are those that open other files: concat scripts, playlists, patterns."""

SUPPORTED = "MP4, MOV, MKV, WebM, AVI, MPEG, FLV, WMV, OGV and MXF"
HEAD_BYTES = 4096
READ_BYTES = 1 << 18
DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True)
class Header:
    """What the file says of its video before a frame is decoded, and may be wrong in.

    `width` and `height` are in pixels, as stored: a frame that lies on its side isn't turned yet. `rate` is in frames a
    second, on average.
    """

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    frames_from_header: int | None
    seconds_from_header: float | None


def open_container(file: BinaryIO, limits: VideoLimits) -> InputContainer:
    """`file`, a whole video that can be sought in, as FFmpeg opens it.

    Raises:
        EmptyFile, TooManyBytes, UnsupportedFormat, UnreadableVideo: it can't be.
    """
    size_bytes = file.seek(0, io.SEEK_END)
    if not size_bytes:
        raise EmptyFile("The file is empty: upload it again.")
    if size_bytes > limits.bytes:
        raise TooManyBytes(
            f"The file has {size_bytes / 1e6:.0f} MB, above the limit of {limits.megabytes:g} MB: upload a smaller one."
        )
    file.seek(0)
    refuse_still(file.read(HEAD_BYTES))
    file.seek(0)
    options = {"format_whitelist": CONTAINERS}
    try:
        return av.open(file, "r", options=options, metadata_errors="replace", buffer_size=READ_BYTES)
    except FFmpegError as error:
        raise UnreadableVideo(
            f"The file is no video that can be read, or its beginning is damaged. Read are {SUPPORTED}."
        ) from error


def video_stream(container: InputContainer) -> VideoStream:
    """The first stream of moving pictures. Cover art isn't one. Raises NoVideoStream."""
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise NoVideoStream(f"The file has no video in it that can be decoded: it holds {kinds}.")


def read_header(container: InputContainer, stream: VideoStream, limits: VideoLimits) -> Header:
    """Raises TooManyPixels and TooLong."""
    width, height = stream.codec_context.width, stream.codec_context.height
    check_size(width, height, limits)
    seconds = seconds_of(container, stream)
    if seconds is not None:
        check_length(seconds, limits)
    rate = stream.average_rate or stream.guessed_rate or DEFAULT_RATE
    return Header(
        width=width,
        height=height,
        rate=rate,
        time_base=stream.time_base,
        frames_from_header=stream.frames or (round(seconds * rate) if seconds else None),
        seconds_from_header=seconds,
    )


def seconds_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Of the video's own stream where the header has it, else of the whole file."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    clock = stream.metadata.get("DURATION", "").split(":")
    if len(clock) == 3:
        hours, minutes, seconds = (float(part) for part in clock)
        return hours * 3600 + minutes * 60 + seconds
    return container.duration / av.time_base if container.duration else None


def check_size(width: int, height: int, limits: VideoLimits) -> None:
    if width * height > limits.pixels:
        raise TooManyPixels(
            f"The frames have {width} x {height} pixels, above the limit of {limits.megapixels:g} megapixels:"
            " upload a smaller version."
        )


def check_length(seconds: float, limits: VideoLimits) -> None:
    if seconds > limits.minutes * 60:
        raise TooLong(
            f"The video is {seconds / 60:.1f} minutes long or longer, and the limit is {limits.minutes:g}:"
            " cut it into parts."
        )


def seconds_in_header(path: Path) -> float:
    """How long the video in the file at `path`, which cutout wrote, says that it is."""
    with av.open(str(path)) as container:
        return seconds_of(container, container.streams.video[0]) or 0.0
