"""What is said of a result, so that the few bad ones among ten thousand can be found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Measured on the saliency map. All shares are in [0, 1].

    Attributes:
        subject_share: of the picture, by area, that was kept.
        border_contact: of the picture's border, by length, that the subject touches.
        soft_edge_share: of the picture, by area, that is neither kept nor removed entirely.
        holes: regions of background that the subject encloses.
        confidence: that the result can be used as it is. What is below 0.8 is worth a look.
    """

    subject_share: float
    border_contact: float
    soft_edge_share: float
    holes: int
    confidence: float


@dataclass(frozen=True)
class Report:
    """What became of a video's frames.

    Attributes:
        frames_in: frames that could be decoded.
        frames_out: frames of each output.
        frames_lost: frames that the video's own header promises beyond `frames_in`.
        frames_seen: frames that the net saw; the mattes of all others were carried from these, along the motion.
        seconds_in: duration of the video.
        seconds_out: duration of each output.
        flicker: mean absolute change of the matte from frame to frame along the motion, in [0, 1].
        notes: what was met on the way, a sentence each.
    """

    frames_in: int
    frames_out: int
    frames_lost: int
    frames_seen: int
    seconds_in: float
    seconds_out: float
    flicker: float
    notes: tuple[str, ...] = ()
