"""The verdict on a saliency map."""

from dataclasses import fields

import cv2
import numpy as np
from numpy.typing import NDArray

from cutout.arrays import SaliencyMap
from cutout.verdict import Verdict

SUBJECT_FROM = 0.5
SOFT = (0.05, 0.95)


def assess(saliency_map: SaliencyMap) -> Verdict:
    """Measure `saliency_map`, h x w in [0, 1]. `Verdict` says what each figure means."""
    subject = saliency_map >= SUBJECT_FROM
    border = np.concatenate([subject[0], subject[-1], subject[1:-1, 0], subject[1:-1, -1]])
    soft = (saliency_map > SOFT[0]) & (saliency_map < SOFT[1])
    considered = saliency_map[saliency_map > SOFT[0]]
    return Verdict(
        subject_share=round(float(saliency_map.mean()), 4),
        border_contact=round(float(border.mean()), 4),
        soft_edge_share=round(float(soft.mean()), 4),
        holes=count_holes(subject),
        confidence=round(float(np.abs(2 * considered - 1).mean()) if considered.size else 1.0, 4),
    )


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
