"""The stages of a video between its reader and its encoders, each a generator over what the one before it gives.

Packets of other tracks pass through all of them in their order.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from cutout.arrays import Matte, Pixels, SaliencyMap
from cutout.matting.assess import MeanVerdict, assess
from cutout.matting.composite import under_alpha
from cutout.matting.refine import refine
from cutout.matting.temporal import Stabiliser
from cutout.media.video.layouts import bits_of, has_alpha, planes
from cutout.media.video.reader import Frame, TrackPacket
from cutout.saliency.detector import Detector
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.stopwatch import Stopwatch
from cutout.video_grounds import Ground
from cutout.video_outputs import Shot, on_ground

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Small:
    """A frame, and the same as the net sees it: `pixels`, 320 x 320 x 3 RGB uint8."""

    frame: Frame
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Mapped:
    """A frame in both sizes, and its saliency map."""

    small: Small
    saliency_map: SaliencyMap


class Saliency:
    """What is known of all saliency maps of a video once they have gone by."""

    def __init__(self) -> None:
        self.verdict = MeanVerdict()
        self.highest = 0.0

    def add(self, saliency_map: SaliencyMap) -> None:
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


def detected(
    items: Iterable[Small | TrackPacket], detector: Detector, watch: Stopwatch
) -> Iterator[Mapped | TrackPacket]:
    """Frames with their saliency maps, by as many at once as the detector likes."""
    waiting: list[Small | TrackPacket] = []
    frames = 0
    for item in items:
        waiting.append(item)
        frames += isinstance(item, Small)
        if frames >= detector.batch_size:
            yield from mapped(waiting, detector, watch)
            waiting, frames = [], 0
    yield from mapped(waiting, detector, watch)


def mapped(items: list[Small | TrackPacket], detector: Detector, watch: Stopwatch) -> Iterator[Mapped | TrackPacket]:
    pixels = [item.pixels for item in items if isinstance(item, Small)]
    with watch.stage("saliency"):
        maps = iter(detector.detect_resized(np.stack(pixels)) if pixels else ())
    for item in items:
        yield Mapped(item, next(maps)) if isinstance(item, Small) else item


def stabilised(
    items: Iterable[Mapped | TrackPacket], stabiliser: Stabiliser, saliency: Saliency, watch: Stopwatch
) -> Iterator[Mapped | TrackPacket]:
    """Frames with maps that agree from one frame to the next. They come out later than they went in."""
    waiting: deque[Mapped | TrackPacket] = deque()
    for item in items:
        waiting.append(item)
        if isinstance(item, Mapped):
            with watch.stage("stabilise"):
                saliency.add(item.saliency_map)
                maps = stabiliser.push(item.small.pixels, item.saliency_map)
            yield from matched(waiting, maps)
    with watch.stage("stabilise"):
        maps = stabiliser.flush()
    yield from matched(waiting, maps)
    yield from waiting


def matched(waiting: deque[Mapped | TrackPacket], maps: list[SaliencyMap]) -> Iterator[Mapped | TrackPacket]:
    """The first of `waiting` with their final `maps`, and the packets between them."""
    for saliency_map in maps:
        while isinstance(item := waiting.popleft(), TrackPacket):
            yield item
        yield Mapped(item.small, saliency_map)


def composited(
    items: Iterable[Mapped | TrackPacket], ground: Ground, watch: Stopwatch, *, opaque: bool
) -> Iterator[Shot | TrackPacket]:
    """Frames with their mattes, and, where an output is `opaque`, on their ground."""
    for item in items:
        if isinstance(item, TrackPacket):
            yield item
            continue
        frame = item.small.frame
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
