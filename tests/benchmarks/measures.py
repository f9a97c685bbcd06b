"""How far mattes are from the truth, and how much they flicker. Mattes are N x H x W float32 in [0, 1]."""

from dataclasses import dataclass

import cv2
import numpy as np

from cutout.arrays import Floats, Pixels

GRADIENT_SIGMA = 1.4
GRADIENT_REACH = 6
"""In pixels."""


@dataclass(frozen=True)
class Score:
    """`iou` is better high, the others low. `flicker` is 0 if nothing can be followed from frame to frame."""

    iou: float
    mae: float
    dtssd: float
    flicker: float


def score(frames: Pixels, truth: Floats, mattes: Floats) -> Score:
    return Score(iou(truth, mattes), mae(truth, mattes), dtssd(truth, mattes), flicker(frames, mattes))


def iou(truth: Floats, mattes: Floats) -> float:
    """Intersection over union of what is above one half, mean over frames; 1 where both have nothing there."""
    ours, theirs = mattes > 0.5, truth > 0.5
    shared, either = ((ours & theirs).sum(axis=(1, 2)), (ours | theirs).sum(axis=(1, 2)))
    return float(np.mean(np.where(either, shared / np.maximum(either, 1), 1)))


def mae(truth: Floats, mattes: Floats) -> float:
    return float(np.abs(mattes - truth).mean())


def dtssd(truth: Floats, mattes: Floats) -> float:
    """Root mean squared error of the change from frame to frame, mean over pairs.

    Source: Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", BMVC 2015.
    """
    error = np.diff(mattes, axis=0) - np.diff(truth, axis=0)
    return float(np.sqrt((error**2).mean(axis=(1, 2))).mean())


def flicker(frames: Pixels, mattes: Floats) -> float:
    """Mean absolute change along the motion, where flow there and back ends within half a pixel, mean over pairs.

    The flow is Farneback's, which the stabiliser doesn't use. Source: Farneback, "Two-Frame Motion Estimation Based on
    Polynomial Expansion", SCIA 2003.
    """
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    changes = []
    for number in range(1, len(frames)):
        back, forth = (farneback(greys[i], greys[j]) for i, j in ((number, number - 1), (number - 1, number)))
        followed = np.linalg.norm(back + seen_along(forth, back), axis=2) < 0.5
        if followed.any():
            changes.append(np.abs(mattes[number] - seen_along(mattes[number - 1], back))[followed].mean())
    return float(np.mean(changes)) if changes else 0.0


def farneback(here: Pixels, other: Pixels) -> Floats:
    start = np.zeros((*here.shape, 2), np.float32)
    return cv2.calcOpticalFlowFarneback(here, other, start, 0.5, 4, 21, 3, 7, 1.5, 0)


def seen_along(other: Floats, flow: Floats) -> Floats:
    height, width = flow.shape[:2]
    own = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    return cv2.remap(other, own + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def gradient_error(matte: Floats, truth: Floats) -> float:
    """Sum of squared differences of gradients' magnitudes, in thousands, of two mattes H x W float32 in [0, 1].

    Source: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009, section 4, with
    derivatives of a Gaussian of 1.4 pixels.
    """
    return float(((steepness(matte) - steepness(truth)) ** 2).sum() / 1000)


def steepness(matte: Floats) -> Floats:
    at = np.arange(-GRADIENT_REACH, GRADIENT_REACH + 1, dtype=np.float32)
    bell = np.exp(-(at**2) / (2 * GRADIENT_SIGMA**2))
    slope = at * bell
    norm = np.linalg.norm(np.outer(bell, slope))
    across, down = (
        cv2.sepFilter2D(matte, cv2.CV_32F, first, second) / norm for first, second in ((slope, bell), (bell, slope))
    )
    return np.hypot(across, down)
