"""The stages of a video between its reader and its encoders, each a generator over what the one before it gives.

Packets of other tracks pass through all of them in their order.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from cutout.arrays import Matte, Pixels, SaliencyMap
from cutout.matting.assess import MeanVerdict, assess
from cutout.matting.composite import under_alpha
from cutout.matting.key_frames import KeyFrames
from cutout.matting.motion import Break, Step, Steps
from cutout.matting.refine import refine
from cutout.matting.temporal import Stabiliser
from cutout.media.video.layouts import bits_of, has_alpha, planes
from cutout.media.video.reader import Frame, TrackPacket
from cutout.saliency.detector import Detector
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.stopwatch import Stopwatch
from cutout.video_grounds import Ground
from cutout.video_outputs import Shot, on_ground

PACKETS_HELD = 500
"""Packets that wait with a frame: ten seconds of sound."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Small:
    """A frame, and the same as the net sees it: `pixels`, 320 x 320 x 3 RGB uint8."""

    frame: Frame
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Stepped:
    """A frame in both sizes, and the step to it from the frame before."""

    small: Small
    step: Step


@dataclass(frozen=True, eq=False)
class Seen:
    """The same, and the net's map; None where the net didn't see the frame."""

    stepped: Stepped
    saliency_map: SaliencyMap | None


@dataclass(frozen=True, eq=False)
class Mapped:
    """A frame and its saliency map."""

    frame: Frame
    saliency_map: SaliencyMap


class Saliency:
    """What is known of all that the net saw of a video once it has gone by."""

    def __init__(self) -> None:
        self.verdict = MeanVerdict()
        self.highest = 0.0
        self.frames = 0

    def add(self, saliency_map: SaliencyMap) -> None:
        self.frames += 1
        highest = float(saliency_map.max())
        self.verdict.add(assess(saliency_map, highest))
        self.highest = max(self.highest, highest)


def timed(items: Iterable[Item], watch: Stopwatch, stage: str) -> Iterator[Item]:
    """`items`, with the time that each takes to make."""
    remaining = iter(items)
    while True:
        with watch.stage(stage):
            try:
                item = next(remaining)
            except StopIteration:
                return
        yield item


def resized(items: Iterable[Frame | TrackPacket], watch: Stopwatch) -> Iterator[Small | TrackPacket]:
    """Frames with what the net sees of them."""
    reformatter = VideoReformatter()
    for item in items:
        if isinstance(item, TrackPacket):
            yield item
            continue
        with watch.stage("resize"):
            small = reformatter.reformat(
                item.picture,
                INPUT_SIDE,
                INPUT_SIDE,
                "rgb24",
                interpolation=Interpolation.AREA,
                src_colorspace=item.tags.swscale_matrix,
                src_color_range=item.tags.swscale_range,
                dst_color_range=ColorRange.JPEG,
                threads=1,
            ).to_ndarray()
        yield Small(item, small)


def stepped(items: Iterable[Small | TrackPacket], steps: Steps, watch: Stopwatch) -> Iterator[Stepped | TrackPacket]:
    """Frames with what moved since the frame before."""
    for item in items:
        if isinstance(item, TrackPacket):
            yield item
            continue
        with watch.stage("motion"):
            step = steps.to(item.pixels)
        yield Stepped(item, step)


def detected(
    items: Iterable[Stepped | TrackPacket], detector: Detector, watch: Stopwatch
) -> Iterator[Seen | TrackPacket]:
    """Frames with their saliency maps, by as many at once as the detector likes. Repeats have none."""
    waiting: list[Stepped | TrackPacket] = []
    frames = 0
    for item in items:
        waiting.append(item)
        frames += isinstance(item, Stepped)
        if frames >= detector.batch_size or len(waiting) - frames > PACKETS_HELD:
            yield from seen(waiting, detector, watch)
            waiting, frames = [], 0
    yield from seen(waiting, detector, watch)


def seen(items: list[Stepped | TrackPacket], detector: Detector, watch: Stopwatch) -> Iterator[Seen | TrackPacket]:
    shown = [item for item in items if isinstance(item, Stepped) and item.step is not Break.REPEAT]
    with watch.stage("saliency"):
        maps = iter(detector.detect_resized(np.stack([item.small.pixels for item in shown])) if shown else ())
    for item in items:
        if isinstance(item, TrackPacket):
            yield item
        else:
            yield Seen(item, None if item.step is Break.REPEAT else next(maps))


def detected_sparingly(
    items: Iterable[Stepped | TrackPacket], detector: Detector, watch: Stopwatch
) -> Iterator[Seen | TrackPacket]:
    """Frames with the saliency maps of key frames alone. They come out later than they went in."""

    def detect(pixels: Pixels) -> SaliencyMap:
        with watch.stage("saliency"):
            saliency_map: SaliencyMap = detector.detect_resized(pixels[None])[0]
        return saliency_map

    key_frames = KeyFrames(detect)
    for found in late(items, lambda item: key_frames.push(item.small.pixels, item.step), key_frames.flush):
        yield found if isinstance(found, TrackPacket) else Seen(*found)


def stabilised(
    items: Iterable[Seen | TrackPacket], stabiliser: Stabiliser, saliency: Saliency, watch: Stopwatch
) -> Iterator[Mapped | TrackPacket]:
    """Frames with maps that agree from one frame to the next. They come out later than they went in."""

    def push(item: Seen) -> list[SaliencyMap]:
        with watch.stage("stabilise"):
            if item.saliency_map is not None:
                saliency.add(item.saliency_map)
            return stabiliser.push(item.stepped.step, item.saliency_map)

    for found in late(items, push, stabiliser.flush):
        yield found if isinstance(found, TrackPacket) else Mapped(found[0].stepped.small.frame, found[1])


def late(
    items: Iterable[Item | TrackPacket], push: Callable[[Item], list[Result]], flush: Callable[[], list[Result]]
) -> Iterator[tuple[Item, Result] | TrackPacket]:
    """Each of `items` with its result, of those that `push` and `flush` give in the order of the items.

    `flush` gives the results that wait: at the end, and where so many packets follow a frame that they would fill the
    memory, as those of a sound that goes on after the last picture.
    """
    waiting: deque[Item | TrackPacket] = deque()
    for item in items:
        waiting.append(item)
        if not isinstance(item, TrackPacket):
            yield from matched(waiting, push(item))
        elif len(waiting) > PACKETS_HELD:
            yield from matched(waiting, flush())
            yield from leading_packets(waiting)
    yield from matched(waiting, flush())
    yield from leading_packets(waiting)
    if waiting:
        raise ValueError("a frame has no result")


def leading_packets(waiting: deque[Item | TrackPacket]) -> Iterator[TrackPacket]:
    """Take the packets off that no frame is before."""
    while waiting and isinstance(item := waiting[0], TrackPacket):
        waiting.popleft()
        yield item


def matched(waiting: deque[Item | TrackPacket], results: list[Result]) -> Iterator[tuple[Item, Result] | TrackPacket]:
    """The first of `waiting` with their `results`, and the packets between them."""
    for result in results:
        while isinstance(item := waiting.popleft(), TrackPacket):
            yield item
        yield item, result


def composited(
    items: Iterable[Mapped | TrackPacket], ground: Ground, watch: Stopwatch, *, opaque: bool
) -> Iterator[Shot | TrackPacket]:
    """Frames with their mattes, and, where an output is `opaque`, on their ground."""
    for item in items:
        if isinstance(item, TrackPacket):
            yield item
            continue
        frame = item.frame
        with watch.stage("composite"):
            matte = matte_of(frame, item.saliency_map)
            shown = on_ground(frame, matte, ground.behind(frame)) if opaque else None
        yield Shot(frame, matte, shown)


def matte_of(frame: Frame, saliency_map: SaliencyMap) -> Matte:
    """H x W uint16, under what was transparent in the frame already."""
    matte = refine(saliency_map, frame.picture.height, frame.picture.width, np.uint16)
    name = frame.picture.format.name
    if not has_alpha(name):
        return matte
    alpha = planes(frame.picture)[-1].astype(np.uint32)
    full = (1 << bits_of(name)) - 1
    return under_alpha(matte, (alpha * 65535 // full).astype(np.uint16))
