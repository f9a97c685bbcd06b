"""What moves between two neighbouring frames of a video, how far that can be trusted, and where the video is cut."""

from enum import Enum
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from cutout.arrays import Floats, Pixels

SIDE = 320
"""Height and width, in pixels, of frames and maps."""

FLOW_SIDE = 160
FLOW_FINEST_SCALE = 0
FLOW_ITERATIONS = 4
"""Flow is sought between frames of half the size, down to each of their pixels, where the ultrafast preset ends at a
quarter of them. Fewer steps pay for it."""

COLOUR_TOLERANCE = 20.0
"""Levels of 255. A difference as large takes 63 % of the trust, as one pixel off after going there and back does."""

LOST = 40.0
"""The doubt about what lies outside of the other frame, and the most that there is: no trust is left of it. With more,
trust gets so close to nil that processors take ten times as long to multiply by it."""

CUT_COLOURS_FROM = 0.3
CUT_RETURNING_BELOW = 0.1
"""At a cut the colours change and next to no flow returns. A flash changes the colours alone, fast motion the flow."""

NOTHING: Floats = np.empty(0, np.float32)
"""In place of an array that OpenCV can do without."""


class View(NamedTuple):
    """One frame, 320 x 320 x 3 RGB, and `grey`, 160 x 160; both uint8."""

    pixels: Pixels
    grey: Pixels

    @classmethod
    def of(cls, pixels: Pixels) -> "View":
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        return cls(pixels, cv2.resize(grey, (FLOW_SIDE, FLOW_SIDE), interpolation=cv2.INTER_AREA))

    def colours(self) -> Floats:
        """The share of pixels in each of 8 x 8 x 8 bins."""
        return cv2.calcHist([self.pixels], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3) / (SIDE * SIDE)


class Passage(NamedTuple):
    """How to see one frame in the place of another.

    `where` is 320 x 320 x 2: x and y, in pixels of the other frame, of what each pixel of this frame shows. `trust` is
    320 x 320 in [0, 1]. `returning` is the share of points that flow there and back ends within a pixel of.
    """

    where: Floats
    trust: Floats
    returning: float


class Pair(NamedTuple):
    """Two neighbouring frames: the later in the place of the earlier, and the earlier in the place of the later."""

    later: Passage
    earlier: Passage


class Break(Enum):
    """Where a frame is not a neighbour that moved on from the frame before it."""

    CUT = "the first of a clip, or of a scene"
    REPEAT = "the same pixels again"


Step = Pair | Break
"""How one frame follows the frame before it."""


def grid(side: int) -> Floats:
    """side x side x 2: each pixel's own x and y."""
    return np.dstack(np.meshgrid(*[np.arange(side, dtype=np.float32)] * 2))


class Flow(Protocol):
    """What finds dense flow; OpenCV's estimators do."""

    def calc(self, here: Pixels, other: Pixels, start: Floats, /) -> Floats:
        """Both 160 x 160 grey, uint8: 160 x 160 x 2, in pixels, from each pixel of `here` to the same in `other`."""


def quick_flow() -> Flow:
    """Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016, arXiv:1603.03590."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow.setFinestScale(FLOW_FINEST_SCALE)
    flow.setGradientDescentIterations(FLOW_ITERATIONS)
    return flow


class Motion:
    """What moves between neighbouring frames, by one flow there and one back."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._grid, self._flow_grid = grid(SIDE), grid(FLOW_SIDE)

    def between(self, earlier: View, later: View) -> Pair | None:
        """The pair that `earlier` and `later` are, or None if there is a cut between them."""
        forward = self._flow.calc(earlier.grey, later.grey, NOTHING)
        backward = self._flow.calc(later.grey, earlier.grey, NOTHING)
        pair = Pair(
            self._passage(forward, backward, earlier.pixels, later.pixels),
            self._passage(backward, forward, later.pixels, earlier.pixels),
        )
        return None if is_cut(earlier, later, pair) else pair

    def _passage(self, there: Floats, back: Floats, here: Pixels, other: Pixels) -> Passage:
        """How to see `other` in the place of `here`, by the flow from here to other and the flow back.

        Source of the trust: the forward-backward check of Sundaram, Brox and Keutzer, "Dense Point Trajectories by
        GPU-accelerated Large Displacement Optical Flow", ECCV 2010, section 3, made smooth, and the like of colours.
        """
        doubt, returning = doubt_of_flow(self._flow_grid, there, back)
        where = self._grid + enlarged(there) * (SIDE / FLOW_SIDE)
        red, green, blue = cv2.split(cv2.absdiff(here, moved(other, where)))
        unlike = cv2.blur(cv2.max(cv2.max(red, green), blue).astype(np.float32), (3, 3))
        doubt_of_colour = np.minimum((unlike / COLOUR_TOLERANCE) ** 2, np.float32(LOST))
        return Passage(where, enlarged(cv2.exp(-doubt)) * cv2.exp(-doubt_of_colour), returning)


class Steps:
    """The steps of one clip, frame by frame."""

    def __init__(self, flow: Flow | None = None) -> None:
        self._motion = Motion(flow or quick_flow())
        self._last: View | None = None

    def to(self, frame: Pixels) -> Step:
        """The step from the frame before to `frame`, 320 x 320 x 3 uint8 RGB, which is kept and never changed."""
        if frame.shape != (SIDE, SIDE, 3) or frame.dtype != np.uint8:
            raise ValueError(f"{frame.shape} of {frame.dtype} came where {(SIDE, SIDE, 3)} of uint8 was due")
        last = self._last
        if last is not None and np.array_equal(last.pixels, frame):
            return Break.REPEAT
        self._last = View.of(frame)
        return Break.CUT if last is None else self._motion.between(last, self._last) or Break.CUT


def joined(one: Pair, next_one: Pair) -> Pair:
    """The first and the last of three frames as a pair, of which two neighbours each are."""
    return Pair(via(one.later, next_one.later), via(next_one.earlier, one.earlier))


def via(step: Passage, further: Passage) -> Passage:
    """The passage that leads by `step` and then `further`. It is trusted as far as both are."""
    trust = cv2.min(step.trust, moved(further.trust, step.where))
    return Passage(moved(further.where, step.where), trust, min(step.returning, further.returning))


def doubt_of_flow(grid: Floats, there: Floats, back: Floats) -> tuple[Floats, float]:
    """Squared pixels of 320 x 320 that each point ends off after going there and back, and the share within one."""
    where = grid + there
    off = cv2.magnitude(*cv2.split(there + moved(back, where))) * (SIDE / FLOW_SIDE)
    inside = cv2.inRange(where, (-0.5, -0.5, 0, 0), (FLOW_SIDE - 0.5, FLOW_SIDE - 0.5, 0, 0))
    doubt = np.full(off.shape, LOST, np.float32)
    cv2.copyTo(np.minimum(off**2, np.float32(LOST)), inside, doubt)
    return doubt, float(((off < 1) & (inside > 0)).mean())


def enlarged(array: Floats) -> Floats:
    """From 160 x 160 to 320 x 320, bilinear."""
    return cv2.resize(array, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def moved(array: Pixels | Floats, where: Floats) -> Pixels | Floats:
    """`array` of one frame, bilinear at `where`."""
    seen: Pixels | Floats = cv2.remap(array, where, NOTHING, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen


def is_cut(earlier: View, later: View, pair: Pair) -> bool:
    if pair.later.returning >= CUT_RETURNING_BELOW:
        return False
    return cv2.compareHist(earlier.colours(), later.colours(), cv2.HISTCMP_BHATTACHARYYA) > CUT_COLOURS_FROM
