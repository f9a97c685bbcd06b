"""If these fail, kept pixels change."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutout.arrays import Pixels, as_depth
from cutout.matting.composite import blurred, covering, filled, over, under_alpha, without_alpha


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_over_is_exact_to_the_last_bit(dtype: type) -> None:
    rng = np.random.default_rng(0)
    full = int(np.iinfo(dtype).max)
    foreground, background = rng.integers(0, full, (2, 200, 30, 3), dtype, endpoint=True)
    matte = rng.integers(0, full, (200, 30), dtype, endpoint=True)
    result = over(foreground, matte, background)
    for y, x, channel in [(0, 0, 0), (130, 7, 1), (199, 29, 2)]:
        a, f, b = (int(v) for v in (matte[y, x], foreground[y, x, channel], background[y, x, channel]))
        assert abs(Fraction(a * f + (full - a) * b, full) - int(result[y, x, channel])) <= Fraction(1, 2)
    np.testing.assert_array_equal(over(foreground, np.full_like(matte, full), background), foreground)
    np.testing.assert_array_equal(over(foreground, np.zeros_like(matte), background), background)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_that_was_there_stays(dtype: type) -> None:
    full = np.iinfo(dtype).max
    matte, alpha = np.array([[full, full, 0, 100]], dtype), np.array([[full, 50, full, 0]], dtype)
    assert under_alpha(matte, alpha).tolist() == [[full, 50, 0, 0]]


def test_a_wide_blur_is_the_same_as_a_slow_one(cat: Pixels) -> None:
    exact = cv2.GaussianBlur(cat, (0, 0), 20)
    assert np.abs(blurred(cat, 20).astype(int) - exact).mean() < 1.5
    assert blurred(cat[:1, :1], 500).shape == (1, 1, 3)


@pytest.mark.parametrize("size", [(100, 300), (300, 100), (5000, 7), (300, 451)])
def test_a_background_picture_covers_the_whole(cat: Pixels, size: tuple[int, int]) -> None:
    assert covering(cat, *size).shape == (*size, 3)


def test_a_background_picture_is_not_stretched() -> None:
    square = np.zeros((100, 100, 3), np.uint8)
    square[40:60, 40:60] = 255
    rows, columns = np.nonzero(covering(square, 200, 400)[..., 0] > 127)
    assert np.ptp(rows) == np.ptp(columns) == 79


@pytest.mark.parametrize("shape", [(1000, 4), (4, 1000)])
def test_a_background_of_an_extreme_shape_takes_no_more_memory_than_the_result(shape: tuple[int, int]) -> None:
    assert covering(np.zeros((*shape, 3), np.uint8), 300, 12000).shape == (300, 12000, 3)


def test_a_picture_of_an_extreme_shape_is_composed_like_any_other() -> None:
    rng = np.random.default_rng(0)
    foreground, background = rng.integers(0, 256, (2, 3, 9001, 3), np.uint8)
    matte = np.zeros((3, 9001), np.uint8)
    matte[:, 4000:] = 255
    expected = np.concatenate([background[:, :4000], foreground[:, 4000:]], axis=1)
    np.testing.assert_array_equal(over(foreground, matte, background), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_was_transparent_already_can_be_told_from_the_matte(dtype: type) -> None:
    full = int(np.iinfo(dtype).max)
    rng = np.random.default_rng(5)
    matte, alpha = rng.integers(0, full, (2, 50, 60), dtype, endpoint=True)
    alpha[:, ::2] = full
    matte[::3] = full
    again = without_alpha(under_alpha(matte, alpha), alpha)
    np.testing.assert_array_equal(again[alpha == full], matte[alpha == full])
    np.testing.assert_array_equal(again[(matte == full) & (alpha > 0)], full)
    assert np.abs(again[alpha > full // 2].astype(int) - matte[alpha > full // 2]).max() <= 2
    assert not without_alpha(np.zeros((1, 1), dtype), np.zeros((1, 1), dtype)).any()


def test_depths_meet_without_losing_white(cat: Pixels) -> None:
    np.testing.assert_array_equal(as_depth(as_depth(cat, np.uint16), np.uint8), cat)
    assert as_depth(np.full((1, 1, 3), 255, np.uint8), np.uint16).max() == 65535
    assert filled((255, 0, 128), cat.astype(np.uint16))[0, 0].tolist() == [65535, 0, 128 * 257]
