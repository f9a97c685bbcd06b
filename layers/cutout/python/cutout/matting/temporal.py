"""Saliency maps that agree from frame to frame where the picture does, and follow it where it moves fast.

Each map that the net made gives way to the median of itself and its two neighbours, once these are carried along the
motion to its frame. It does so only as far as both can be trusted: where flow and colour agree that they show the same
thing. What the net did not see lies between two such frames: its map is carried from both.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from cutout.arrays import Floats, SaliencyMap
from cutout.matting.motion import NOTHING, SIDE, Break, Pair, Passage, Step, joined, moved

REPEATS_HELD = 2
"""So many repeats of a frame wait with it for the next picture: 24 pictures a second make up to two each in 60."""

EVENED = (5, 5)
"""Pixels over which trust is averaged where it weighs two maps against each other. Else edges become ragged."""

NO_TRUST = 1e-4
"""Trust that is added to both sides, which then count alike where there is none."""

Neighbour = tuple[SaliencyMap, Passage]
"""A neighbouring map and the passage to it."""


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


def map_between(before: Neighbour, after: Neighbour) -> SaliencyMap:
    """The map of a frame between two others: both of theirs, carried along, by how far they can be trusted."""
    weight, other_weight = (cv2.blur(passage.trust, EVENED) + NO_TRUST for _, passage in (before, after))
    one, other = carried(before[0], before[1].where), carried(after[0], after[1].where)
    mixed: SaliencyMap = (weight * one + other_weight * other) / (weight + other_weight)
    return mixed


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


@dataclass(frozen=True, eq=False)
class Before:
    """The key frame before another: its own map and its final map.

    `steps` lead from it, two if a frame lies between, and `pair` leads all the way.
    """

    own: SaliencyMap
    final: SaliencyMap
    steps: tuple[Pair, ...]
    pair: Pair


@dataclass
class Held:
    """The newest key frame, its map, and what it still needs: `waiting` maps are due, all of them alike.

    `before` is None behind a cut.
    """

    own: SaliencyMap
    before: Before | None
    waiting: int = 1
    final: SaliencyMap | None = None


class Stabiliser:
    """The maps of one clip, frame by frame, one key frame late. Starts anew at every cut."""

    def __init__(self) -> None:
        self._flicker = Flicker()
        self._held: Held | None = None
        self._between: Pair | None = None

    @property
    def flicker(self) -> float:
        """How much the final maps have changed along the motion so far, in [0, 1]; 0 if there was none to follow."""
        return self._flicker.change / self._flicker.trust if self._flicker.trust else 0.0

    def push(self, step: Step, saliency_map: SaliencyMap | None) -> list[SaliencyMap]:
        """Take the step to the next frame and its map, 320 x 320 float32 in [0, 1]; of a frame between two key frames
        None. A repeat's doesn't count.

        Returns the maps that are final now, in the order of their frames. Repeats of a frame all get one map, up to
        `REPEATS_HELD` frames late. The map is neither copied nor changed: leave it as it is.

        Raises:
            ValueError: the map is of another kind, or missing where a frame isn't between two others.
        """
        if saliency_map is not None and (saliency_map.shape != (SIDE, SIDE) or saliency_map.dtype != np.float32):
            was = f"{saliency_map.shape} of {saliency_map.dtype}"
            raise ValueError(f"{was} came where {(SIDE, SIDE)} of float32 was due")
        held = self._held
        if isinstance(step, Pair) and held is not None:
            return self._move_on(held, step, saliency_map)
        if step is Break.REPEAT and held is not None and self._between is None:
            held.waiting += 1
            waits = held.final is None and held.waiting <= REPEATS_HELD + 1
            return [] if waits else self._settle(held, None)
        if step is not Break.CUT or saliency_map is None or self._between is not None:
            raise ValueError("no map came where one was due")
        due = self.flush()
        self._held = Held(saliency_map, None)
        return due

    def flush(self) -> list[SaliencyMap]:
        """The maps that still wait, but for that of a frame between two key frames. More may be pushed after it."""
        return [] if self._held is None else self._settle(self._held, None)

    def _move_on(self, held: Held, step: Pair, saliency_map: SaliencyMap | None) -> list[SaliencyMap]:
        between = self._between
        if saliency_map is None:
            if between is not None:
                raise ValueError("no map came where one was due")
            self._between = step
            return []
        self._between = None
        steps, pair = ((step,), step) if between is None else ((between, step), joined(between, step))
        due = self._settle(held, (saliency_map, pair.later))
        self._held = Held(saliency_map, None if held.final is None else Before(held.own, held.final, steps, pair))
        return due

    def _settle(self, held: Held, after: Neighbour | None) -> list[SaliencyMap]:
        """What is due of `held`, and of a frame between it and the key frame before."""
        due: list[SaliencyMap] = []
        if held.final is None:
            held.final = held.own
            if before := held.before:
                if after is not None:
                    held.final = gated_median(held.own, (before.own, before.pair.earlier), after)
                if len(before.steps) > 1:
                    first, last = before.steps
                    due = [map_between((before.final, first.earlier), (held.final, last.later))]
                maps = pairwise([before.final, *due, held.final])
                for (earlier, later), step in zip(maps, before.steps, strict=True):
                    self._flicker.add(earlier, later, step.earlier)
        due += [held.final] * held.waiting
        held.waiting = 0
        return due
