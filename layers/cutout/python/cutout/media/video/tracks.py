"""The tracks beside the video, sound above all: carried over packet by packet where the container can hold them, and
encoded anew where not."""

from collections.abc import Iterator, Mapping
from typing import Protocol

import av
from av import AudioFrame, Packet
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream

from cutout.media.video.formats import VideoFormat
from cutout.media.video.reader import TrackPacket

HELD: Mapping[VideoFormat, frozenset[str]] = {
    VideoFormat.MP4: frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac", "mov_text"}),
    VideoFormat.WEBM: frozenset({"opus", "vorbis", "webvtt"}),
    VideoFormat.MOV: frozenset(
        {"aac", "mp3", "ac3", "eac3", "alac", "mov_text"}
        | {
            f"pcm_{kind}"
            for kind in ("s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "u8", "s8")
        }
    ),
}
"""What each container holds so that common players play it, by FFmpeg's names."""

SOUND_ENCODERS = {VideoFormat.MP4: "aac", VideoFormat.WEBM: "libopus", VideoFormat.MOV: "pcm_s16le"}
BITS_PER_SECOND = {"aac": 96_000, "libopus": 80_000}
"""For each channel. At these both are taken for transparent."""

LAYOUTS = {"5.1(side)": "5.1", "5.0(side)": "5.0", "4.1(side)": "4.1"}
"""Channel layouts that not every encoder knows, and those that differ from them in name only."""

LAYOUTS_BY_CHANNELS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What is meant where a file says how many channels there are, and not which."""

STEREO = "stereo"

QUICKTIME_LANGUAGES = {
    "deu": "ger",
    "ell": "gre",
    "gle": "iri",
    "isl": "ice",
    "nld": "dut",
    "sqi": "alb",
    "swe": "sve",
    "zho": "chi",
}
"""How FFmpeg's MOV knows languages whose ISO 639-2 name it doesn't know. MOV keeps no others."""

FILL_GAPS = {"async": "1000"}
"""Of FFmpeg's aresample: keep sound at its time, with silence where some is missing."""


def is_held(track: Stream, video_format: VideoFormat) -> bool:
    return track.codec_context.codec.canonical_name in HELD[video_format]


def is_encoded(track: Stream, video_format: VideoFormat) -> bool:
    """Whether it is sound that has to be decoded and encoded anew."""
    return track.type == "audio" and not is_held(track, video_format)


class Carrier(Protocol):
    """Brings the packets of one track into one output."""

    def packets(self, item: TrackPacket) -> Iterator[Packet]:
        """What is to be written of `item`."""

    def end(self) -> Iterator[Packet]:
        """What is to be written after the last one."""


class Copied:
    """Packets as they are."""

    def __init__(self, container: OutputContainer, track: Stream, video_format: VideoFormat) -> None:
        self._stream = container.add_stream_from_template(track)
        describe(self._stream, track, video_format)

    def packets(self, item: TrackPacket) -> Iterator[Packet]:
        if item.packet.dts is not None:
            yield copied(item.packet, self._stream)

    def end(self) -> Iterator[Packet]:
        return iter(())


class Encoded:
    """Sound of a codec that the container can't hold."""

    def __init__(self, container: OutputContainer, track: Stream, video_format: VideoFormat) -> None:
        codec = SOUND_ENCODERS[video_format]
        rate = rate_for(codec, track.codec_context.sample_rate)
        layout = layout_for(codec, rate, track.codec_context.layout)
        self._stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec in BITS_PER_SECOND:
            self._stream.bit_rate = BITS_PER_SECOND[codec] * self._stream.codec_context.layout.nb_channels
        describe(self._stream, track, video_format)
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def packets(self, item: TrackPacket) -> Iterator[Packet]:
        for frame in item.frames:
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if kind != self._kind:
                yield from self._encoded(self._flushed())
                self._kind, self._resampler = kind, self._new_resampler()
            yield from self._encoded(self._resampled(frame))

    def end(self) -> Iterator[Packet]:
        yield from self._encoded(self._flushed())
        if self._kind:
            yield from self._stream.encode(None)

    def _new_resampler(self) -> AudioResampler:
        encoder = self._stream.codec_context
        return AudioResampler(encoder.format, encoder.layout, encoder.sample_rate, options=FILL_GAPS)

    def _resampled(self, frame: AudioFrame | None) -> list[AudioFrame]:
        return [ready for ready in self._resampler.resample(frame) if ready] if self._resampler else []

    def _flushed(self) -> list[AudioFrame]:
        return self._resampled(None)

    def _encoded(self, frames: list[AudioFrame]) -> Iterator[Packet]:
        for frame in frames:
            yield from self._stream.encode(frame)


def carrier(container: OutputContainer, track: Stream, video_format: VideoFormat) -> Carrier | None:
    """What carries `track` over; None where nothing can, as with subtitles in another container's form."""
    if is_held(track, video_format):
        return Copied(container, track, video_format)
    if is_encoded(track, video_format):
        return Encoded(container, track, video_format)
    return None


def rate_for(codec: str, sample_rate: int) -> int:
    """The rate at which sound of `sample_rate` is encoded: its own, or the next that the encoder knows."""
    known: list[int] = sorted(av.codec.Codec(codec, "w").audio_rates or [sample_rate])
    return next((rate for rate in known if rate >= sample_rate), known[-1])


def layout_for(codec: str, rate: int, layout: AudioLayout) -> str:
    """The channels that are encoded: those of `layout`, under the name that the encoder knows, or else two."""
    named = LAYOUTS_BY_CHANNELS.get(layout.nb_channels, STEREO)
    for candidate in (LAYOUTS.get(layout.name, layout.name), named):
        if opens(codec, rate, candidate):
            return str(candidate)
    return STEREO


def opens(codec: str, rate: int, layout: str) -> bool:
    encoder = av.CodecContext.create(codec, "w")
    try:
        encoder.sample_rate, encoder.layout = rate, layout
        encoder.format = av.codec.Codec(codec, "w").audio_formats[0]
        encoder.open()
    except (FFmpegError, ValueError):
        return False
    return True


def describe(stream: Stream, track: Stream, video_format: VideoFormat) -> None:
    """Say of `stream` in which language it is, what it is called, and whether it is the one to play."""
    for name in ("language", "title", "handler_name"):
        if track.metadata.get(name):
            stream.metadata[name] = track.metadata[name]
    if video_format is VideoFormat.MOV and track.language:
        stream.metadata["language"] = QUICKTIME_LANGUAGES.get(track.language, track.language)
    stream.disposition = track.disposition


def copied(packet: Packet, stream: Stream) -> Packet:
    """`packet` for `stream`. Several outputs get one each, as writing a packet changes its times."""
    copy = Packet(bytes(packet))
    copy.stream = stream
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = packet.is_keyframe
    for data in packet.iter_sidedata():
        copy.set_sidedata(data)
    return copy
