"""When each frame is shown."""

from dataclasses import dataclass
from fractions import Fraction

from av import VideoFrame


@dataclass
class Timeline:
    """Hands out each frame's time, in `time_base`: its own, or, where the file has none, right after the one before.

    `first_pts` and `end_pts` span what was handed out.
    """

    time_base: Fraction
    rate: Fraction
    first_pts: int | None = None
    last_pts: int | None = None
    last_duration: int = 0

    @property
    def frame_duration(self) -> int:
        """Of one frame at the average rate; at least 1."""
        return max(1, round(1 / (self.rate * self.time_base)))

    @property
    def end_pts(self) -> int:
        return (self.last_pts or 0) + (self.last_duration or self.frame_duration)

    @property
    def length(self) -> Fraction:
        """From the first frame's beginning to the last one's end, in seconds."""
        return (self.end_pts - self.first_pts) * self.time_base if self.first_pts is not None else Fraction(0)

    @property
    def seconds(self) -> float:
        """`length`, rounded as floats are."""
        return float(self.length)

    def place(self, frame: VideoFrame) -> int | None:
        """The frame's time; None if that isn't after the last one's."""
        pts: int | None = frame.pts if frame.pts is not None else frame.dts
        if pts is None:
            pts = self.end_pts if self.last_pts is not None else 0
        if self.last_pts is not None and pts <= self.last_pts:
            return None
        if self.first_pts is None:
            self.first_pts = pts
        self.last_pts, self.last_duration = pts, frame.duration or 0
        return pts
