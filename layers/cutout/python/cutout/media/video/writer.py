"""Writing a video: encoded frames and the source's other tracks, whole or not at all."""

import errno
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
from av import Packet, VideoFrame
from av.error import FFmpegError
from av.video.stream import VideoStream

from cutout.media.video.formats import Encoding, VideoFormat
from cutout.media.video.reader import TrackPacket, VideoReader
from cutout.media.video.tracks import Carrier, carrier

if TYPE_CHECKING:
    from av.container import OutputContainer

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}
MUXER_OPTIONS = {VideoFormat.MP4: {"movflags": "+faststart"}, VideoFormat.MOV: {"movflags": "+faststart"}}


class VideoWriter:
    """A context manager around a file at `path`, which is whole once `close` has returned.

    `first` is the first frame, in the encoding's layout: all are of its size and have its tags. `source` is what the
    frames were read from; without `with_tracks` its other tracks and chapters are left out.

    `frames_out` counts the frames that are in the file. `notes` are sentences on what it can't hold.
    """

    def __init__(
        self,
        path: Path,
        video_format: VideoFormat,
        encoding: Encoding,
        source: VideoReader,
        first: VideoFrame,
        *,
        with_tracks: bool,
    ) -> None:
        self.frames_out = 0
        self.notes: list[str] = []
        self._durations: dict[int, int] = {}
        self._packets_refused = 0
        self._carriers: dict[int, Carrier] = {}
        self._container: OutputContainer = av.open(
            str(path), "w", format=video_format.value, container_options=MUXER_OPTIONS.get(video_format, {})
        )
        self._stream = self._container.add_stream(encoding.codec, rate=source.header.rate, options=encoding.options)
        self._stream.metadata.update(encoding.metadata)
        set_up(self._stream, encoding, source, first)
        if with_tracks:
            self._add_tracks(video_format, source)
        self._container.start_encoding()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def write_frame(self, frame: VideoFrame, duration: int) -> None:
        """`duration` is in the time base of the source's header, 0 where it isn't known."""
        if duration:
            self._durations[frame.pts] = duration
        self._write(self._stream.encode(frame))

    def write_packet(self, item: TrackPacket) -> None:
        """A packet of another track; those that the file can't hold are left out."""
        if item.track in self._carriers:
            self._write_sound(self._carriers[item.track].packets(item))

    def close(self) -> None:
        """Write what the encoders still hold, and end the file."""
        self._write(self._stream.encode(None))
        for each in self._carriers.values():
            self._write_sound(each.end())
        self._container.close()
        if self._packets_refused:
            self.notes.append(f"{self._packets_refused} packets of other tracks are damaged and were left out.")

    def _add_tracks(self, video_format: VideoFormat, source: VideoReader) -> None:
        for track in source.tracks:
            found = carrier(self._container, track, video_format)
            if found:
                self._carriers[track.index] = found
            else:
                codec = track.codec_context.codec.canonical_name
                self.notes.append(
                    f"Track {track.index}, {track.type} in {codec}, is left out of the {video_format.name}."
                )
        self._container.set_chapters(source.chapters)
        if source.title:
            self._container.metadata["title"] = source.title

    def _write_sound(self, packets: Iterator[Packet]) -> None:
        """What is damaged is left out and counted: sound must not end a video whose frames are whole."""
        try:
            for packet in packets:
                self._container.mux(packet)
        except FFmpegError as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            self._packets_refused += 1

    def _write(self, packets: list[Packet]) -> None:
        for packet in packets:
            duration = self._durations.pop(packet.pts, None)
            if duration:
                packet.duration = duration
            self.frames_out += 1
            self._container.mux(packet)


def set_up(stream: VideoStream, encoding: Encoding, source: VideoReader, first: VideoFrame) -> None:
    """Tell the encoder of `stream` what frames it will get."""
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = first.width, first.height, encoding.layout
    context.time_base = stream.time_base = source.header.time_base
    context.colorspace, context.color_range = first.colorspace, first.color_range
    context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
    if source.sample_aspect_ratio and not encoding.needs_square_pixels:
        context.sample_aspect_ratio = source.sample_aspect_ratio
    if encoding.codec_tag:
        context.codec_tag = encoding.codec_tag
    for name in ("language", "title", "timecode"):
        if source.labels.get(name):
            stream.metadata[name] = source.labels[name]
