"""The verdict on a saliency map."""

from dataclasses import fields

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import SaliencyMap
from cutout.verdict import Verdict

SUBJECT_FROM = 0.5
SOFT = (0.05, 0.95)
DOUBT = 10
"""How fast confidence falls with the share of the picture that is undecided."""


def assess(saliency_map: SaliencyMap, highest: float) -> Verdict:
    """Measure `saliency_map`, h x w in [0, 1]. `Verdict` says what each figure means.

    `highest` is the net's highest probability before the map was stretched, which hides that the net saw little.
    """
    subject = saliency_map >= SUBJECT_FROM
    border = np.concatenate([subject[0], subject[-1], subject[1:-1, 0], subject[1:-1, -1]])
    soft = (saliency_map > SOFT[0]) & (saliency_map < SOFT[1])
    return Verdict(
        subject_share=round(float(saliency_map.mean()), 4),
        border_contact=round(float(border.mean()), 4),
        soft_edge_share=round(float(soft.mean()), 4),
        holes=count_holes(subject),
        confidence=round(highest * float(np.exp(-DOUBT * undecided(saliency_map))), 4),
    )


def undecided(saliency_map: SaliencyMap) -> float:
    """The share of the picture that would be taken for the wrong side, if the map's values were true probabilities.

    Of the measures tried (soft share, softness by the subject's area or outline, pieces, edges of the picture under
    those of the map) it tells bad results from good ones best: tests/benchmarks/test_verdict.py.
    """
    return float(np.minimum(saliency_map, 1 - saliency_map).mean())


def count_holes(subject: NDArray[np.bool_]) -> int:
    """Regions of `~subject`, 4-connected, that don't reach the border of the picture."""
    count, regions = cv2.connectedComponents((~subject).astype(np.uint8), connectivity=4)
    outside = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    return int(np.setdiff1d(np.arange(1, count), outside).size)


class MeanVerdict:
    """The verdict on a video: the mean of those on its frames."""

    def __init__(self) -> None:
        self._sums = {field.name: 0.0 for field in fields(Verdict)}
        self._count = 0

    def add(self, verdict: Verdict) -> None:
        for name in self._sums:
            self._sums[name] += getattr(verdict, name)
        self._count += 1

    def mean(self) -> Verdict:
        """Raises ValueError if there was no frame."""
        if not self._count:
            raise ValueError("there is no verdict on no frames")
        means = {name: round(total / self._count, 4) for name, total in self._sums.items()}
        return Verdict(**{**means, "holes": round(means["holes"])})  # type: ignore[arg-type]
