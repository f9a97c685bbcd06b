"""Clips made on the spot, as cameras, phones and editors write them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

RATE = 25
SOUND_RATE = 48000
TONE_HERTZ = 440


@dataclass(frozen=True)
class Clip:
    """What is written. `pts` are in `time_base`; `sound` are the codec and the language of each track."""

    codec: str = "libx264"
    layout: str = "yuv420p"
    width: int = 64
    height: int = 48
    pts: Sequence[int] = tuple(range(10))
    time_base: Fraction = Fraction(1, RATE)
    options: dict[str, str] = field(default_factory=lambda: {"crf": "1", "preset": "ultrafast"})
    sound: Sequence[tuple[str, str]] = ()
    display_rotation: int = 0
    sample_aspect_ratio: Fraction | None = None
    tags: dict[str, int] = field(default_factory=dict)
    chapters: Sequence[dict[str, object]] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    container: str | None = None
    is_interlaced: bool = False


def picture(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """H x W x 4: red grows to the right, green downwards, blue with the number; a disc in the middle is opaque."""
    y, x = np.mgrid[:height, :width]
    rgba = np.empty((height, width, 4), np.uint8)
    rgba[..., 0], rgba[..., 1], rgba[..., 2] = 255 * x // width, 255 * y // height, number * 20 % 256
    rgba[..., 3] = np.where(np.hypot(x - width / 2, y - height / 2) < height / 3, 255, 0)
    return rgba


def make_clip(path: Path, clip: Clip, draw: Callable[[int, int, int], NDArray[np.uint8]] = picture) -> Path:
    """Write `clip` to `path` with the frames that `draw` makes of number, width and height, RGB or RGBA."""
    with av.open(str(path), "w", format=clip.container) as container:
        stream = container.add_stream(clip.codec, rate=RATE, options=dict(clip.options))
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, clip.layout
        stream.codec_context.time_base = stream.time_base = clip.time_base
        for name, value in clip.tags.items():
            setattr(stream.codec_context, name, value)
        if clip.sample_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = clip.sample_aspect_ratio
        if clip.display_rotation:
            stream.set_display_rotation(clip.display_rotation)
        if "yuva" in clip.layout and clip.codec.startswith("libvpx"):
            stream.metadata["alpha_mode"] = "1"
        tracks = [container.add_stream(codec, rate=SOUND_RATE, layout="stereo") for codec, _ in clip.sound]
        for track, (_, language) in zip(tracks, clip.sound, strict=True):
            track.metadata["language"] = language
        container.metadata.update(clip.metadata)
        container.set_chapters(list(clip.chapters))
        container.start_encoding()
        for number, pts in enumerate(clip.pts):
            container.mux(stream.encode(frame_of(clip, draw(number, clip.width, clip.height), pts)))
        container.mux(stream.encode(None))
        seconds = float((clip.pts[-1] + 1 - clip.pts[0]) * clip.time_base) if clip.pts else 0.0
        for track in tracks:
            for frame in tone(seconds):
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def frame_of(clip: Clip, pixels: NDArray[np.uint8], pts: int) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgba" if pixels.shape[2] == 4 else "rgb24")
    matrix = {9: "BT2020", 1: "ITU709"}.get(clip.tags.get("colorspace", 0), "ITU601")
    frame = frame.reformat(format=clip.layout, dst_colorspace=matrix)
    for name, value in clip.tags.items():
        setattr(frame, name, value)
    frame.pts, frame.time_base = pts, clip.time_base
    return frame


def tone(seconds: float) -> list[AudioFrame]:
    """A stereo tone, in pieces of 1024 samples."""
    samples = np.arange(int(seconds * SOUND_RATE))
    wave = (8000 * np.sin(2 * np.pi * TONE_HERTZ * samples / SOUND_RATE)).astype(np.int16)
    frames = []
    for begin in range(0, len(wave), 1024):
        piece = np.repeat(wave[begin : begin + 1024], 2)[None]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, begin, Fraction(1, SOUND_RATE)
        frames.append(frame)
    return frames


def decoded(path: Path, *, alpha: bool = False) -> list[VideoFrame]:
    """All frames of the video at `path`; with `alpha`, by the decoder that gives VP9's."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if not alpha:
            return list(container.decode(stream))
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        decoder.extradata = stream.codec_context.extradata
        decoder.width, decoder.height = stream.width, stream.height
        return [frame for packet in container.demux(stream) if packet.size for frame in decoder.decode(packet)]


def seconds_of(frames: Sequence[VideoFrame]) -> list[float]:
    """When each of `frames` is shown."""
    return [float(frame.pts * frame.time_base) for frame in frames]


def packets_of(path: Path, number: int = 0) -> list[bytes]:
    """The packets of the audio track with this number."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[number]) if packet.dts is not None]
