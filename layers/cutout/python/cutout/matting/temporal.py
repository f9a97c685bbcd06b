"""Saliency maps that agree from frame to frame where the picture does, and follow it where it moves fast.

Each map gives way to the median of itself and its two neighbours, once these are carried along the motion to its frame.
It does so only as far as both can be trusted: where flow and colour agree that they show the same thing.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.matting.motion import NOTHING, SIDE, Flow, Motion, Passage, View, moved, quick_flow

REPEATS_HELD = 2
"""So many repeats of a frame wait with it for the next picture: 24 pictures a second make up to two each in 60."""

Neighbour = tuple[SaliencyMap, Passage]
"""A neighbouring frame's map and the passage to it."""


def carried(other: SaliencyMap, where: Floats) -> SaliencyMap:
    """The map of another frame at `where`. Bicubic, since bilinear would blur its edges."""
    seen: SaliencyMap = cv2.remap(other, where, NOTHING, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(seen, 0, 1, out=seen)


def gated_median(own: SaliencyMap, before: Neighbour, after: Neighbour) -> SaliencyMap:
    """`own`, drawn to the median of itself and two neighbouring maps as far as both of their passages are trusted."""
    one, two = carried(before[0], before[1].where), carried(after[0], after[1].where)
    median = cv2.max(cv2.min(one, own), cv2.min(cv2.max(one, own), two))
    final: SaliencyMap = own + cv2.min(before[1].trust, after[1].trust) * (median - own)
    return final


@dataclass
class Flicker:
    """Absolute change of maps along the motion, and the trust in it that each point is weighted by: sums of all."""

    change: float = 0.0
    trust: float = 0.0

    def add(self, earlier: SaliencyMap, later: SaliencyMap, passage: Passage) -> None:
        """One step from `earlier` to `later`; `passage` leads back."""
        change = cv2.absdiff(later, moved(earlier, passage.where))
        self.change += float(change.ravel() @ passage.trust.ravel())
        self.trust += float(passage.trust.sum())


@dataclass
class Held:
    """The newest frame, its map, and what it still needs: `waiting` maps are due, all of them alike.

    `before` is the frame before it as its own map and its final map, with the passage to it; None behind a cut.
    """

    view: View
    own: SaliencyMap
    before: tuple[SaliencyMap, SaliencyMap, Passage] | None
    waiting: int = 1
    final: SaliencyMap | None = None


class Stabiliser:
    """The maps of one clip, frame by frame, one frame late. Starts anew at every cut and after `flush`."""

    def __init__(self, flow: Flow | None = None) -> None:
        self._motion = Motion(flow or quick_flow())
        self._flicker = Flicker()
        self._held: Held | None = None

    @property
    def flicker(self) -> float:
        """How much the final maps have changed along the motion so far, in [0, 1]; 0 if there was none to follow."""
        return self._flicker.change / self._flicker.trust if self._flicker.trust else 0.0

    def push(self, frame: Pixels, saliency_map: SaliencyMap) -> list[SaliencyMap]:
        """Take the next frame, 320 x 320 x 3 uint8 RGB, and its map, 320 x 320 float32 in [0, 1].

        Returns the maps that are final now, in the order of their frames. Repeats of a frame all get one map, up to
        `REPEATS_HELD` frames late. Neither array is copied or changed: leave both as they are.
        """
        for array, shape, dtype in [(frame, (SIDE, SIDE, 3), "uint8"), (saliency_map, (SIDE, SIDE), "float32")]:
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(f"{array.shape} of {array.dtype} came where {shape} of {dtype} was due")
        held = self._held
        if held is None:
            self._held = Held(View.of(frame), saliency_map, None)
            return []
        if np.array_equal(held.view.pixels, frame):
            held.waiting += 1
            waits = held.final is None and held.waiting <= REPEATS_HELD + 1
            return [] if waits else self._settle(held, None)
        view = View.of(frame)
        pair = self._motion.between(held.view, view)
        due = self._settle(held, None if pair is None else (saliency_map, pair.later))
        before = None if pair is None or held.final is None else (held.own, held.final, pair.earlier)
        self._held = Held(view, saliency_map, before)
        return due

    def flush(self) -> list[SaliencyMap]:
        """The maps that still wait, none if there were no frames."""
        held, self._held = self._held, None
        return [] if held is None else self._settle(held, None)

    def _settle(self, held: Held, after: Neighbour | None) -> list[SaliencyMap]:
        if held.final is None:
            held.final = held.own
            if held.before is not None:
                own_before, final_before, passage = held.before
                if after is not None:
                    held.final = gated_median(held.own, (own_before, passage), after)
                self._flicker.add(final_before, held.final, passage)
        due, held.waiting = [held.final] * held.waiting, 0
        return due
