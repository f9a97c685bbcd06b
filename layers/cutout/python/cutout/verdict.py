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
        confidence: how far the net is from undecided, on the pixels that it does not call background outright.
    """

    subject_share: float
    border_contact: float
    soft_edge_share: float
    holes: int
    confidence: float
