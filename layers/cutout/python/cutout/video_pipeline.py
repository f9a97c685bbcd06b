"""One video, from its file to the files of its outputs, frame by frame. This is the place to start reading.

    decode -> resize -> motion -> saliency -> stabilise -> composite -> encode

Each stage has a thread. No more than a few frames lie between two of them, however long the video is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cutout.choices import Output
from cutout.errors import NoSubject
from cutout.limits import VideoLimits
from cutout.matting.key_frames import NetFrames
from cutout.matting.motion import Steps
from cutout.matting.temporal import Stabiliser
from cutout.media.video.formats import nvenc_works
from cutout.media.video.opening import seconds_in_header
from cutout.media.video.reader import TrackPacket, VideoReader
from cutout.media.video.tracks import is_encoded
from cutout.media.video.writer import VideoWriter
from cutout.options import Options
from cutout.saliency.detector import SUBJECT_FROM, Detector
from cutout.stages import End, Line
from cutout.stopwatch import Stopwatch
from cutout.verdict import Report, Verdict
from cutout.video_grounds import ground_of
from cutout.video_outputs import FORMATS, Shot, composer_of, encoding_of, has_ground
from cutout.video_stages import (
    Saliency,
    composited,
    detected,
    detected_sparingly,
    resized,
    stabilised,
    stepped,
    timed,
)

FRAMES_BETWEEN = 2
"""Frames that may wait between two stages. A frame of 4K video has up to 25 MB."""


@dataclass(frozen=True)
class Progress:
    """`frames_from_header` is what the file says, and may be wrong; None where it says nothing."""

    frames_done: int
    frames_from_header: int | None


@dataclass(frozen=True)
class VideoRendition:
    """One file made of a video. Width and height are in pixels."""

    output: Output
    path: Path
    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class VideoResult:
    """All that was made of one video. `seconds` are those in which each stage was at work; stages overlap."""

    renditions: tuple[VideoRendition, ...]
    verdict: Verdict
    report: Report
    seconds: dict[str, float]


def remove_video_background(
    source: BinaryIO,
    options: Options,
    load_detector: Callable[[], Detector],
    limits: VideoLimits,
    targets: Mapping[Output, Path],
    open_file: Callable[[str], BinaryIO],
    progress: Callable[[Progress], None],
    net_frames: NetFrames = NetFrames.AUTO,
) -> VideoResult:
    """Make the outputs that `options` ask for of the video in `source`, a file that can be sought in, at `targets`.

    `load_detector` brings the net of `options.model`, once the video is open. `open_file` opens the file of a
    background. `progress` is called after each frame. `net_frames` are those that the net sees. The outputs are there
    when all of them are whole, and else not at all.

    Raises:
        Refusal: the video, or what is asked of it, is at fault.
    """
    options.check_for_video()
    watch, saliency, stabiliser = Stopwatch(), Saliency(), Stabiliser()
    with ExitStack() as resources:
        reader = resources.enter_context(VideoReader(source, limits))
        ground = resources.enter_context(ground_of(options.background, limits, open_file))
        outputs = [Encoder(output, options, reader, targets[output], watch) for output in options.outputs]
        for output in outputs:
            resources.callback(output.discard)
        detector = load_detector()
        decoded_tracks = {
            track.index for track in reader.tracks if any(is_encoded(track, FORMATS[o]) for o in options.outputs)
        }
        detect = detected_sparingly if net_frames.are_few(gpu=detector.on_gpu) else detected
        opaque = any(has_ground(output, options.background) for output in options.outputs)
        with Line() as line:
            frames = line.ahead("decode", timed(reader.read(decoded_tracks), watch, "decode"), FRAMES_BETWEEN)
            smalls = line.ahead("resize", resized(frames, watch), FRAMES_BETWEEN)
            steps = line.ahead("motion", stepped(smalls, Steps(), watch), FRAMES_BETWEEN)
            maps = line.ahead("saliency", detect(steps, detector, watch), FRAMES_BETWEEN)
            stable = line.ahead("stabilise", stabilised(maps, stabiliser, saliency, watch), FRAMES_BETWEEN)
            shots = line.ahead("composite", composited(stable, ground, watch, opaque=opaque), FRAMES_BETWEEN)
            encode(line, shots, outputs, lambda done: progress(Progress(done, reader.header.frames_from_header)))
        if saliency.highest < SUBJECT_FROM:
            raise NoSubject(
                f"No subject was found in any frame: the most salient point reaches {saliency.highest:.0%}."
            )
        renditions = tuple(output.put_in_place() for output in outputs)
        report = report_of(reader, outputs, saliency.frames, stabiliser.flicker)
    return VideoResult(renditions, saliency.verdict.mean(), report, watch.seconds)


def encode(
    line: Line, shots: Iterator[Shot | TrackPacket], outputs: list["Encoder"], progress: Callable[[int], None]
) -> None:
    """Hand all of `shots` to each of `outputs`, which have a thread each."""
    sinks = [line.sink("encode", output.encode, FRAMES_BETWEEN) for output in outputs]
    done = 0
    for shot in shots:
        for sink in sinks:
            sink.put(shot)
        if isinstance(shot, Shot):
            done += 1
            progress(done)
    for sink in sinks:
        sink.put(End())
    line.finish()


class Encoder:
    """Makes one output. Until it is whole it has a name of its own beside its target."""

    def __init__(self, output: Output, options: Options, reader: VideoReader, target: Path, watch: Stopwatch) -> None:
        self._output = output
        self._background = options.background
        self._reader = reader
        self._target = target
        self._part = target.with_name(f".{target.name}.part")
        self._watch = watch
        self.frames_out = 0
        self.notes: list[str] = []
        self._width = self._height = 0

    def encode(self, items: Iterator[Shot | TrackPacket]) -> None:
        """Write all of `items`. Packets before the first frame wait for it: the encoder is set up by it."""
        early, first = until_first_shot(items)
        target = encoding_of(self._output, self._background, first.frame, gpu=nvenc_works())
        composer = composer_of(self._output, self._background, target, self._reader.sample_aspect_ratio)
        picture = composer.compose(first)
        self._width, self._height = picture.width, picture.height
        is_matte = self._output is Output.MASK
        with VideoWriter(
            self._part, FORMATS[self._output], target, self._reader, picture, with_tracks=not is_matte
        ) as writer:
            for packet in early:
                writer.write_packet(packet)
            writer.write_frame(picture, first.frame.duration)
            for item in items:
                with self._watch.stage(f"encode {self._output}"):
                    if isinstance(item, Shot):
                        writer.write_frame(composer.compose(item), item.frame.duration)
                    else:
                        writer.write_packet(item)
            with self._watch.stage(f"encode {self._output}"):
                writer.close()
            self.frames_out, self.notes = writer.frames_out, writer.notes

    def put_in_place(self) -> VideoRendition:
        self._part.replace(self._target)
        video_format = FORMATS[self._output]
        return VideoRendition(self._output, self._target, video_format.content_type, self._width, self._height)

    def discard(self) -> None:
        """Leave no part behind."""
        self._part.unlink(missing_ok=True)

    @property
    def seconds_out(self) -> float:
        return seconds_in_header(self._target)


def until_first_shot(items: Iterator[Shot | TrackPacket]) -> tuple[list[TrackPacket], Shot]:
    """The packets before the first frame, and that. There is one: a reader without frames raises."""
    early: list[TrackPacket] = []
    for item in items:
        if isinstance(item, Shot):
            return early, item
        early.append(item)
    raise ValueError("a video ended without a frame and without an error")


def report_of(reader: VideoReader, outputs: list[Encoder], frames_seen: int, flicker: float) -> Report:
    notes = dict.fromkeys([*reader.notes, *(note for output in outputs for note in output.notes)])
    return Report(
        frames_in=reader.damage.frames_decoded,
        frames_out=min(output.frames_out for output in outputs),
        frames_lost=reader.frames_lost,
        seconds_in=round(reader.timeline.seconds, 3),
        seconds_out=round(min(output.seconds_out for output in outputs), 3),
        frames_seen=frames_seen,
        flicker=round(flicker, 5),
        notes=tuple(notes),
    )
