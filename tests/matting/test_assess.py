"""If these fail, the verdict says nothing about the result."""

import numpy as np
import pytest

from cutout.arrays import SaliencyMap
from cutout.matting.assess import assess


@pytest.fixture
def square() -> SaliencyMap:
    saliency_map = np.zeros((320, 320), np.float32)
    saliency_map[80:240, 80:240] = 1
    return saliency_map


def test_a_clean_square(square: SaliencyMap) -> None:
    verdict = assess(square, 1.0)
    assert verdict.subject_share == 0.25
    assert (verdict.border_contact, verdict.soft_edge_share, verdict.holes, verdict.confidence) == (0, 0, 0, 1)


def test_holes_are_counted_and_bays_are_not(square: SaliencyMap) -> None:
    square[100:110, 100:110] = 0
    square[150:160, 150:160] = 0
    square[200:210, 200:320] = 0
    assert assess(square, 1.0).holes == 2


def test_contact_with_the_border_is_measured(square: SaliencyMap) -> None:
    square[:160, :] = 1
    assert assess(square, 1.0).border_contact == pytest.approx(0.5, abs=0.01)


def test_an_undecided_net_is_not_confident(square: SaliencyMap) -> None:
    verdict = assess(square * 0.55, 1.0)
    assert verdict.confidence == pytest.approx(np.exp(-10 * 0.25 * 0.45), abs=0.01)
    assert verdict.soft_edge_share == 0.25


def test_a_net_that_saw_little_is_not_confident_however_its_map_is_stretched(square: SaliencyMap) -> None:
    assert assess(square, 0.6).confidence == 0.6
