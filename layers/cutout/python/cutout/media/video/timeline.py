"""When each frame is shown, and each packet of sound heard."""

from dataclasses import dataclass, field
from fractions import Fraction

JUMP_SECONDS = 1
"""Going back in time by more than this is a new beginning: two recordings in one file, or a camera's clock set anew."""

GAP_SECONDS = 0.5
"""What is shorter is how cameras drop a frame, or round its time."""


@dataclass
class Timeline:
    """Hands out times in `time_base` that only go forward: each one's own, as long as it does.

    `usual_duration` stands in for a duration that the file doesn't say. `first_pts` and `end_pts` span what was handed
    out, and `retimed` counts those that got another time than their own. `gaps` are the times, in ticks, for which one
    was over and the next didn't come, where that is longer than GAP_SECONDS.
    """

    time_base: Fraction
    usual_duration: int
    first_pts: int | None = None
    last_pts: int | None = None
    retimed: int = 0
    gaps: list[int] = field(default_factory=list)
    _last_duration: int = 0
    _last_own_pts: int = 0
    _offset: int = 0

    @property
    def end_pts(self) -> int:
        return 0 if self.last_pts is None else self.last_pts + (self._last_duration or self.usual_duration)

    @property
    def length(self) -> Fraction:
        """From the first one's beginning to the last one's end, in seconds."""
        return (self.end_pts - self.first_pts) * self.time_base if self.first_pts is not None else Fraction(0)

    @property
    def seconds(self) -> float:
        """`length`, rounded as floats are."""
        return float(self.length)

    def place(self, own_pts: int | None, duration: int) -> int:
        """The time of what says that it comes at `own_pts` and lasts for `duration`, 0 if that isn't known."""
        placed = self.end_pts if own_pts is None else own_pts + self._offset
        if self.last_pts is not None and placed <= self.last_pts:
            placed = self._after_the_last(own_pts)
            self.retimed += 1
        if self.first_pts is None:
            self.first_pts = placed
        elif (placed - self.end_pts) * self.time_base > GAP_SECONDS:
            self.gaps.append(placed - self.end_pts)
        self.last_pts, self._last_duration = placed, duration
        if own_pts is not None:
            self._last_own_pts = own_pts
        return placed

    def _after_the_last(self, own_pts: int | None) -> int:
        """Where there is no time to be had: at the end, and on from there if it is a new beginning.

        What is a little late, or was pushed back by the one before, comes as soon as can be.
        """
        if own_pts is None or own_pts == self._last_own_pts:
            return self.end_pts
        if (self._last_own_pts - own_pts) * self.time_base > JUMP_SECONDS:
            self._offset = self.end_pts - own_pts
            return self.end_pts
        return (self.last_pts or 0) + 1
