"""Reading a video: upright frames and packets of other tracks, in the file's order, and a tally of what is damaged."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import BinaryIO, Self

from av import AudioFrame, CodecContext, Packet, VideoFrame
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from cutout.errors import NoFrames, UnreadableVideo
from cutout.limits import VideoLimits
from cutout.media.video.damage import Damage
from cutout.media.video.deinterlace import Deinterlacer
from cutout.media.video.normalise import Normaliser
from cutout.media.video.opening import check_length, open_container, read_header, video_stream
from cutout.media.video.tags import ColourTags
from cutout.media.video.timeline import Timeline

PASSED_ON = ("audio", "subtitle")
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""What decodes alpha, which FFmpeg's own decoders leave out."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame as it is shown: `picture` is upright and in a working layout.

    `pts` and `duration` are in the time base of the video's header; `duration` is 0 where the file doesn't say.
    """

    picture: VideoFrame
    tags: ColourTags
    pts: int
    duration: int


@dataclass(frozen=True, eq=False)
class TrackPacket:
    """A packet of the track with this number in the file. `frames` are what it decodes to, where that was asked for."""

    track: int
    packet: Packet
    frames: tuple[AudioFrame, ...] = ()


class VideoReader:
    """A context manager.

    Attributes:
        header: what the file says of its video; `labels` and `title` are its own metadata and the file's.
        tracks: the other streams that are passed on.
        damage, timeline: what was lost and how long it is, as far as it was read.

    Raises what `open_container`, `video_stream` and `read_header` raise.
    """

    def __init__(self, file: BinaryIO, limits: VideoLimits) -> None:
        self._limits = limits
        self._container = open_container(file, limits)
        try:
            self._stream = video_stream(self._container)
            self.header = read_header(self._container, self._stream, limits)
            self._decoder = decoder_of(self._stream)
        except BaseException:
            self._container.close()
            raise
        self.tracks = [stream for stream in self._container.streams if is_passed_on(stream)]
        self.chapters = self._container.chapters()
        self.title = self._container.metadata.get("title")
        self.labels = dict(self._stream.metadata)
        self.damage = Damage()
        self._file_bytes = self._container.size
        self.timeline = Timeline(self.header.time_base, ticks(self.header.time_base, self.header.rate))
        self._track_timelines = {track.index: Timeline(track.time_base, 1) for track in self.tracks}
        self._normaliser = Normaliser(limits, self._stream.codec_context)
        self._held_back: int | None = None
        self._deinterlacer: Deinterlacer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def read(self, decoded_tracks: Container[int] = ()) -> Iterator[Frame | TrackPacket]:
        """All that there is, once. Packets of `decoded_tracks` come with what they decode to.

        Damage is passed over and counted.

        Raises:
            TooManyPixels, TooLong: the content is above the limits, whatever the header says.
            NoFrames, UnreadableVideo: there is no frame at all.
        """
        for packet in self._packets():
            self.damage.bytes_read = max(self.damage.bytes_read, (packet.pos or 0) + packet.size)
            if packet.stream is self._stream:
                yield from self._frames(packet)
            elif is_passed_on(packet.stream):
                yield self._track_packet(packet, decoded_tracks)
        if self._deinterlacer:
            yield from self._placed(self._deinterlacer.push(None))
        if self.timeline.first_pts is None:
            raise self._nothing_shown()

    @property
    def sample_aspect_ratio(self) -> Fraction | None:
        """Width to height of a pixel of the upright frames; known once the first has been read."""
        stored: Fraction | None = self._stream.sample_aspect_ratio
        return 1 / stored if stored and self._normaliser.is_sideways else stored

    @property
    def frames_lost(self) -> int:
        return self.damage.frames_lost(self.header.frames_from_header, self.seconds_missing, float(self.header.rate))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was lost or changed; none where nothing was."""
        changes = {
            "frames had another size and were scaled to that of the first": self._normaliser.frames_resized,
            "frames had no time after the one before, and got one": self.timeline.retimed,
            "packets of other tracks had no time after the one before, and got one": sum(
                timeline.retimed for timeline in self._track_timelines.values()
            ),
        }
        said = (f"{count} {change}." for change, count in changes.items() if count)
        return (*self.damage.notes(self.seconds_missing, self._file_bytes), *gap_notes(self.timeline), *said)

    @property
    def seconds_missing(self) -> float:
        """How much longer the header says that the video is; 0 where it doesn't say."""
        return max(0.0, (self.header.seconds_from_header or 0.0) - self.timeline.seconds)

    def _packets(self) -> Iterator[Packet]:
        packets = self._container.demux([self._stream, *self.tracks])
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (FFmpegError, IndexError) as error:  # IndexError: damage made PyAV meet a stream that isn't there
                self.damage.broke_off = str(error) or type(error).__name__
                # What the decoder still holds comes out at a packet without content.
                yield end_of(self._stream)
                return
            yield packet

    def _frames(self, packet: Packet) -> Iterator[Frame]:
        if packet.size and not packet.is_discard:
            self.damage.frames_announced += 1
        try:
            decoded = self._decoder.decode(packet if packet.size else None)
        except FFmpegError:
            self.damage.packets_undecodable += 1
            return
        for frame in decoded:
            self.damage.frames_decoded += 1
            self.damage.frames_flagged += frame.is_corrupt
            if frame.interlaced_frame and self._deinterlacer is None:
                self._deinterlacer = Deinterlacer(frame, self.header.time_base)
            yield from self._placed(self._deinterlacer.push(frame) if self._deinterlacer else iter((frame,)))

    def _placed(self, frames: Iterator[VideoFrame]) -> Iterator[Frame]:
        for frame in frames:
            pts = self.timeline.place(self._own_pts(frame), frame.duration or 0)
            check_length(self.timeline.seconds, self._limits)
            picture = self._normaliser.normalise(frame)
            picture.pts, picture.time_base = pts, self.header.time_base
            yield Frame(picture, self._normaliser.tags, pts, frame.duration or 0)

    def _own_pts(self, frame: VideoFrame) -> int | None:
        """AVI has decoding times alone. By as much as the decoder holds the first frame back, it does all."""
        if frame.pts is not None or frame.dts is None:
            return None if frame.pts is None else int(frame.pts)
        if self._held_back is None:
            self._held_back = frame.dts - (self._stream.start_time or 0)
        return int(frame.dts) - self._held_back

    def _track_packet(self, packet: Packet, decoded_tracks: Container[int]) -> TrackPacket:
        track, frames = packet.stream.index, ()
        if track in decoded_tracks:
            try:
                frames = tuple(packet.decode())
            except FFmpegError:
                self.damage.sound_packets_undecodable += 1
        if packet.dts is not None:
            late = self._track_timelines[track].place(packet.dts, packet.duration or 0) - packet.dts
            for timed in (packet, *frames) if late else ():
                timed.pts = None if timed.pts is None else timed.pts + late
            packet.dts += late
        return TrackPacket(track, packet, frames)

    def _nothing_shown(self) -> NoFrames | UnreadableVideo:
        if self.damage.frames_announced or self.damage.broke_off or self._stream.frames:
            return UnreadableVideo("Not one frame of the video could be decoded: upload it again from the original.")
        return NoFrames("The video has no frames.")


def gap_notes(timeline: Timeline) -> Iterator[str]:
    if timeline.gaps:
        seconds = float(sum(timeline.gaps) * timeline.time_base)
        yield (
            f"{len(timeline.gaps)} times no frame comes for long, {seconds:.2f} s in all: frames are missing there,"
            " unless the camera took none."
        )


def ticks(time_base: Fraction, rate: Fraction) -> int:
    """How long a frame is shown at `rate`, in `time_base`; at least 1."""
    return max(1, round(1 / (rate * time_base)))


def is_passed_on(stream: Stream) -> bool:
    return stream.type in PASSED_ON and stream.codec_context is not None


def decoder_of(stream: VideoStream) -> CodecContext:
    """What decodes `stream`, its alpha too."""
    own = stream.codec_context
    name = ALPHA_DECODERS.get(own.name)
    if name is None or not says_alpha(stream):
        stream.thread_type = "AUTO"
        return own
    decoder = CodecContext.create(name, "r")
    decoder.extradata = own.extradata
    decoder.width, decoder.height = own.width, own.height
    decoder.color_primaries, decoder.color_trc = own.color_primaries, own.color_trc
    return decoder


def says_alpha(stream: VideoStream) -> bool:
    return any(name.lower() == "alpha_mode" and value == "1" for name, value in stream.metadata.items())


def end_of(stream: VideoStream) -> Packet:
    packet = Packet()
    packet.stream = stream
    return packet
