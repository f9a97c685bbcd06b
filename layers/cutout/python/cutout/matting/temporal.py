"""Saliency maps that agree from frame to frame where the picture does, and follow it where it moves fast.

Each map gives way to the median of itself and its two neighbours, once these are carried along the motion to its frame.
It does so only as far as both can be trusted: where flow and colour agree that they show the same thing.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from cutout.arrays import Floats, Pixels, SaliencyMap

SIDE = 320
"""Height and width, in pixels, of frames and maps."""

FLOW_FINEST_SCALE = 1
FLOW_PATCH_STRIDE_PIXELS = 6
FLOW_ITERATIONS = 6
"""Flow is sought down to 160 x 160, where the ultrafast preset ends at 80 x 80; fewer patches and steps pay for it."""

COLOUR_TOLERANCE = 20.0
"""Levels of 255. A difference as large takes 63 % of the trust."""

LOOP_TOLERANCE_PIXELS = 1.0
"""As much off after going along the flow and back takes 63 % of the trust."""

LOST = 1e4
"""Squared pixels. What lies outside of the other frame is as far off as this."""

CUT_COLOURS_FROM = 0.3
CUT_RETURNING_BELOW = 0.1
"""At a cut the colours change and next to no flow returns. A flash changes the colours alone, fast motion the flow."""

REPEATS_HELD = 2
"""So many repeats of a frame wait with it for the next picture: 24 pictures a second make up to two each in 60."""

NOTHING: Floats = np.empty(0, np.float32)
"""In place of an array that OpenCV can do without."""


class View(NamedTuple):
    """One frame. `pixels` are 320 x 320 x 3 uint8 RGB, `grey` 320 x 320 uint8, `colours` their share in 512 bins."""

    pixels: Pixels
    grey: Pixels
    colours: Floats

    @classmethod
    def of(cls, pixels: Pixels) -> "View":
        colours = cv2.calcHist([pixels], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
        return cls(pixels, cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), colours / (SIDE * SIDE))


class Passage(NamedTuple):
    """How to see one frame in the place of another.

    `where` is 320 x 320 x 2: x and y, in pixels of the other frame, of what each pixel of this frame shows. `loop` is
    320 x 320: squared pixels between a pixel and where the flow there and back leads. `trust` is 320 x 320 in [0, 1].
    """

    where: Floats
    loop: Floats
    trust: Floats


class Pair(NamedTuple):
    """Two neighbouring frames: the later in the place of the earlier, and the earlier in the place of the later."""

    later: Passage
    earlier: Passage


def grid() -> Floats:
    """320 x 320 x 2: each pixel's own x and y."""
    return np.dstack(np.meshgrid(*[np.arange(SIDE, dtype=np.float32)] * 2))


class Flow(Protocol):
    """What finds dense flow; OpenCV's estimators do."""

    def calc(self, here: Pixels, other: Pixels, start: Floats, /) -> Floats:
        """Both 320 x 320 grey, uint8: 320 x 320 x 2, in pixels, from each pixel of `here` to the same in `other`."""


def quick_flow() -> Flow:
    """Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016, arXiv:1603.03590."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow.setFinestScale(FLOW_FINEST_SCALE)
    flow.setPatchStride(FLOW_PATCH_STRIDE_PIXELS)
    flow.setGradientDescentIterations(FLOW_ITERATIONS)
    return flow


class Motion:
    """What moves between neighbouring frames, by one flow there and one back."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._grid = grid()

    def between(self, earlier: View, later: View) -> Pair | None:
        """The pair that `earlier` and `later` are, or None if there is a cut between them."""
        forward = self._flow.calc(earlier.grey, later.grey, NOTHING)
        backward = self._flow.calc(later.grey, earlier.grey, NOTHING)
        pair = Pair(
            passage(self._grid, forward, backward, earlier.pixels, later.pixels),
            passage(self._grid, backward, forward, later.pixels, earlier.pixels),
        )
        return None if is_cut(earlier, later, pair) else pair


def passage(grid: Floats, there: Floats, back: Floats, here: Pixels, other: Pixels) -> Passage:
    """How to see `other` in the place of `here`. `there` is the flow from here to other in pixels, `back` from other.

    Source of the trust: the forward-backward check of Sundaram, Brox and Keutzer, "Dense Point Trajectories by
    GPU-accelerated Large Displacement Optical Flow", ECCV 2010, section 3, made smooth, and the same of colours.
    """
    where = grid + there
    off = cv2.add(there, moved(back, where))
    loop = np.full((SIDE, SIDE), LOST, np.float32)
    cv2.copyTo(cv2.magnitude(*cv2.split(off)) ** 2, cv2.inRange(where, (-1, -1, 0, 0), (SIDE, SIDE, 0, 0)), loop)
    red, green, blue = cv2.split(cv2.absdiff(here, moved(other, where)))
    colour = cv2.blur(cv2.max(cv2.max(red, green), blue).astype(np.float32), (3, 3))
    doubt: Floats = (colour / COLOUR_TOLERANCE) ** 2 + loop / LOOP_TOLERANCE_PIXELS**2
    return Passage(where, loop, np.exp(-doubt))


def moved(array: Pixels | Floats, where: Floats) -> Pixels | Floats:
    """`array` of one frame, bilinear at `where`."""
    seen: Pixels | Floats = cv2.remap(array, where, NOTHING, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen


def is_cut(earlier: View, later: View, pair: Pair) -> bool:
    if cv2.compareHist(earlier.colours, later.colours, cv2.HISTCMP_BHATTACHARYYA) < CUT_COLOURS_FROM:
        return False
    return float((pair.later.loop < 1).mean()) < CUT_RETURNING_BELOW


def carried(saliency_map: SaliencyMap, passage: Passage) -> SaliencyMap:
    """The other frame's map in the place of this frame's. Bicubic, since bilinear would blur its edges."""
    seen: SaliencyMap = cv2.remap(
        saliency_map, passage.where, NOTHING, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.clip(seen, 0, 1, out=seen)


def gated_median(own: SaliencyMap, neighbours: list[tuple[SaliencyMap, Passage]]) -> SaliencyMap:
    """`own`, drawn to the median of itself and two neighbouring maps as far as both of their passages are trusted."""
    (before, before_passage), (after, after_passage) = neighbours
    one, two = carried(before, before_passage), carried(after, after_passage)
    median = cv2.max(cv2.min(one, own), cv2.min(cv2.max(one, own), two))
    trust = cv2.min(before_passage.trust, after_passage.trust)
    final: SaliencyMap = own + trust * (median - own)
    return final


class Flicker:
    """Mean absolute change of maps along the motion, each point counted as far as the motion is trusted."""

    def __init__(self) -> None:
        self._change = 0.0
        self._trust = 0.0

    def add(self, earlier: SaliencyMap, later: SaliencyMap, passage: Passage) -> None:
        """One step from `earlier` to `later`; `passage` leads back."""
        change = cv2.absdiff(later, carried(earlier, passage))
        self._change += float(change.ravel() @ passage.trust.ravel())
        self._trust += float(passage.trust.sum())

    @property
    def mean(self) -> float:
        """In [0, 1]; 0 if there was nothing to compare."""
        return self._change / self._trust if self._trust else 0.0


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
        """`flow` is `quick_flow` unless another is given."""
        self._motion = Motion(flow or quick_flow())
        self._flicker = Flicker()
        self._held: Held | None = None

    @property
    def flicker(self) -> float:
        """How much the final maps have changed along the motion so far, in [0, 1]: the mean over all but cuts."""
        return self._flicker.mean

    def push(self, frame: Pixels, saliency_map: SaliencyMap) -> list[SaliencyMap]:
        """Take the next frame, 320 x 320 x 3 uint8 RGB, and its map, 320 x 320 float32 in [0, 1].

        Returns the maps that are final now, in the order of their frames. Repeats of a frame all get one map, up to
        `REPEATS_HELD` frames late. Neither array is copied or changed: leave both as they are.
        """
        require(frame, (SIDE, SIDE, 3), np.uint8)
        require(saliency_map, (SIDE, SIDE), np.float32)
        held = self._held
        if held is None:
            self._held = Held(View.of(frame), saliency_map, None)
            return []
        if np.array_equal(held.view.pixels, frame):
            return self._repeated(held)
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

    def _repeated(self, held: Held) -> list[SaliencyMap]:
        held.waiting += 1
        if held.final is None and held.waiting <= REPEATS_HELD + 1:
            return []
        return self._settle(held, None)

    def _settle(self, held: Held, after: tuple[SaliencyMap, Passage] | None) -> list[SaliencyMap]:
        if held.final is None:
            held.final = held.own
            if held.before is not None:
                own_before, final_before, passage = held.before
                if after is not None:
                    held.final = gated_median(held.own, [(own_before, passage), after])
                self._flicker.add(final_before, held.final, passage)
        due, held.waiting = [held.final] * held.waiting, 0
        return due


def require(array: Pixels | SaliencyMap, shape: tuple[int, ...], dtype: type) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{array.shape} of {array.dtype} came where {shape} of {np.dtype(dtype)} was due")
