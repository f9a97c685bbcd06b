"""If these fail, frames or sound are lost or change places, or a long sound fills the memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import cast

import numpy as np
import pytest
import skimage.data
from av import Packet

from cutout.arrays import Pixels
from cutout.matting.motion import Steps
from cutout.matting.temporal import Stabiliser
from cutout.media.video.reader import Frame, TrackPacket
from cutout.saliency.detector import Detector
from cutout.stopwatch import Stopwatch
from cutout.video_stages import (
    PACKETS_HELD,
    Mapped,
    Saliency,
    Seen,
    Small,
    Stepped,
    detected,
    detected_sparingly,
    late,
    stabilised,
)

Detect = Callable[[Iterable[Stepped | TrackPacket], Detector, Stopwatch], Iterator[Seen | TrackPacket]]


def panned(count: int) -> list[Pixels]:
    street = skimage.data.stereo_motorcycle()[0]
    return [np.ascontiguousarray(street[100:420, left : left + 320]) for left in range(count)]


def packets(count: int) -> list[TrackPacket]:
    return [TrackPacket(1, Packet(1)) for _ in range(count)]


def shown(pixels: list[Pixels], steps: Steps) -> list[Stepped]:
    return [Stepped(Small(cast("Frame", object()), each), steps.to(each)) for each in pixels]


def frame_of(item: Stepped | Mapped | TrackPacket) -> object:
    """What is the same before and after the stages."""
    if isinstance(item, Stepped):
        return item.small.frame
    return item.frame if isinstance(item, Mapped) else item


@pytest.mark.parametrize("detect", [detected, detected_sparingly])
@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize("gap", [0, 3 * PACKETS_HELD])
def test_sound_that_no_picture_follows_for_long_is_not_piled_up(
    painted_detector: Detector, detect: Detect, frames: int, gap: int
) -> None:
    """`gap`: packets between the frames and a last one, 2 * PACKETS_HELD follow that."""
    made = shown(panned(frames + 1), Steps())
    items = [*made[:-1], *packets(gap), made[-1], *packets(2 * PACKETS_HELD)]
    pulled, watch, most = 0, Stopwatch(), 0

    def feed() -> Iterator[Stepped | TrackPacket]:
        nonlocal pulled
        for item in items:
            pulled += 1
            yield item

    given = []
    for item in stabilised(detect(feed(), painted_detector, watch), Stabiliser(), Saliency(), watch):
        given.append(item)
        most = max(most, pulled - len(given))
    assert [frame_of(item) for item in given] == [frame_of(item) for item in items]
    assert most <= 2 * PACKETS_HELD + 10


def test_a_frame_without_a_result_is_noticed() -> None:
    with pytest.raises(ValueError, match="no result"):
        list(late([1, 2], lambda item: [item] if item == 1 else [], list))
