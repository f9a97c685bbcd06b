"""If these fail, mattes shift, or no pixel inside a subject is fully kept."""

import cv2
import numpy as np
import pytest

from cutout.arrays import SaliencyMap
from cutout.matting.refine import refine


@pytest.fixture
def disc() -> SaliencyMap:
    """A soft disc in the middle of a 320 x 320 map."""
    y, x = np.mgrid[:320, :320]
    return np.clip((100 - np.hypot(y - 159.5, x - 159.5)) / 8, 0, 1).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (320, 320), (111, 997), (1500, 1000)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_matte_is_the_saliency_map_made_as_large_as_the_picture(
    disc: SaliencyMap, size: tuple[int, int], dtype: type
) -> None:
    matte = refine(disc, *size, dtype)
    assert (matte.shape, matte.dtype) == (size, dtype)
    exact = cv2.resize(disc, size[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.abs(matte / np.iinfo(dtype).max - exact).max() < 0.02


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_the_net_is_sure_of_is_wholly_kept_and_wholly_removed(dtype: type) -> None:
    sure = np.array([[0.0, 0.009, 0.991, 1.0]], np.float32)
    full = np.iinfo(dtype).max
    assert refine(sure, 1, 4, dtype).tolist() == [[0, 0, full, full]]


def test_the_matte_is_not_shifted(disc: SaliencyMap) -> None:
    matte = refine(disc, 640, 960, np.uint8)
    np.testing.assert_array_equal(matte, matte[::-1, ::-1])
