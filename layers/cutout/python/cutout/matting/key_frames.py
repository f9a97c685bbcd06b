"""Which frames of a video the net has to see: its key frames. The maps of the frames between are made from theirs.

Source of the idea: Zhu et al., "Deep Feature Flow for Video Recognition", CVPR 2017, arXiv:1611.07715. Here the net's
result is carried, not its features; from both sides, as frames of video are predicted; and only where that can be
trusted. Of two frames in a row one is a key frame: maps that are carried further are worse than the net's own.
"""

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np

from cutout.arrays import Pixels, SaliencyMap
from cutout.matting.motion import Break, Pair, Passage, Step
from cutout.matting.temporal import carried

DOUBT_LIMIT = 0.28
"""Of the mean doubt in any window of a fifth of the frame's side. Above it, the truth shows that maps become worse."""

WINDOW = (63, 63)
NEARBY = np.ones((5, 5), np.uint8)
"""How far about a point doubt is averaged, and maps are compared, in pixels."""

LEAST_SPREAD = 0.35
"""What a point that is seen in neither map may be off by, however even these are there.

More than the limit, so that the net sees whatever shows in one frame alone and fills a window.
"""


class NetFrames(StrEnum):
    """Which frames of a video the net sees."""

    AUTO = "auto"
    """`every` where a GPU runs the net, which is rarely what a video waits for there; `key` on a CPU."""
    EVERY = "every"
    KEY = "key"

    def are_few(self, *, gpu: bool) -> bool:
        return self is NetFrames.KEY or (self is NetFrames.AUTO and not gpu)


Detect = Callable[[Pixels], SaliencyMap]


def doubt(first: SaliencyMap, last: SaliencyMap, before: Passage, after: Passage) -> float:
    """By how much the map between `first` and `last`, with the passages to them, may be off where that is worst.

    A point is doubtful by as much as the two disagree and, if it can't be trusted to be seen in either, by as much as
    their maps differ nearby.
    """
    one, other = carried(first, before.where), carried(last, after.where)
    lowest, highest = cv2.min(one, other), cv2.max(one, other)
    spread = cv2.dilate(highest, NEARBY) - cv2.erode(lowest, NEARBY)
    unseen = 1 - cv2.max(before.trust, after.trust)
    doubts = highest - lowest + unseen * np.maximum(spread, np.float32(LEAST_SPREAD))
    return float(cv2.blur(doubts, WINDOW).max())


class KeyFrames:
    """Has the net see the key frames of one clip. The first and the last frame of each scene are, and what repeats."""

    def __init__(self, detect: Detect) -> None:
        self._detect = detect
        self._key: SaliencyMap | None = None
        self._waiting: tuple[Pixels, Pair] | None = None

    def push(self, frame: Pixels, step: Step) -> list[SaliencyMap | None]:
        """Take the next frame, 320 x 320 x 3 uint8 RGB, and the step to it.

        Returns what is decided now, in the order of the frames, up to one frame late: the net's map of a key frame,
        320 x 320 float32 in [0, 1], and None for others.
        """
        if self._key is not None and isinstance(step, Pair):
            if self._waiting is None:
                self._waiting = frame, step
                return []
            between, first_step = self._waiting
            first, self._key, self._waiting = self._key, self._detect(frame), None
            in_doubt = doubt(first, self._key, first_step.earlier, step.later) > DOUBT_LIMIT
            return [self._detect(between) if in_doubt else None, self._key]
        decided = self.flush()
        if step is Break.REPEAT:
            return [*decided, None]
        self._key = self._detect(frame)
        return [*decided, self._key]

    def flush(self) -> list[SaliencyMap | None]:
        """Decide on the frame that waits, if one does: it has the net's map. More may be pushed after it."""
        if self._waiting is None:
            return []
        self._key, self._waiting = self._detect(self._waiting[0]), None
        return [self._key]
