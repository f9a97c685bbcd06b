"""If these fail, a shadow changes the subject, or looks pasted on."""

import numpy as np
import pytest

from cutout.arrays import Matte
from cutout.matting.composite import over
from cutout.matting.shadow import darkened, over_shadow, soft_shadow


@pytest.fixture(params=[np.uint8, np.uint16])
def matte(request: pytest.FixtureRequest) -> Matte:
    full = np.iinfo(request.param).max
    square = np.zeros((400, 300), request.param)
    square[100:300, 100:200] = full
    square[100:300, 90:100] = np.linspace(0, full, 10).astype(request.param)
    return square


def test_a_shadow_is_soft_below_the_subject_and_as_strong_as_asked_for(matte: Matte) -> None:
    shadow = soft_shadow(matte, 40) / np.iinfo(matte.dtype).max
    assert shadow.max() == pytest.approx(0.4, abs=0.01)
    assert shadow[306, 150] > 0.1, "below the feet"
    assert shadow[94, 150] < 0.02, "above the head"
    assert np.abs(np.diff(shadow, axis=0)).max() < 0.06
    assert not shadow[340:].any()
    assert not soft_shadow(matte, 0).any()


def test_a_shadow_grows_with_the_subject() -> None:
    small, large = (np.zeros((size, size), np.uint8) for size in (100, 1000))
    small[20:80, 20:80] = 255
    large[200:800, 200:800] = 255
    shrunk = soft_shadow(large, 50)[5::10, 5::10].astype(int)
    assert np.abs(shrunk - soft_shadow(small, 50)).mean() < 2


def test_the_subject_stays_bit_for_bit_over_its_shadow(matte: Matte) -> None:
    full = int(np.iinfo(matte.dtype).max)
    foreground = np.random.default_rng(3).integers(0, full, (*matte.shape, 3), matte.dtype, endpoint=True)
    colours, alpha = over_shadow(foreground, matte, soft_shadow(matte, 60))
    np.testing.assert_array_equal(colours[matte == full], foreground[matte == full])
    assert (alpha[matte == full] == full).all()
    assert (alpha >= matte).all()


def test_with_its_shadow_it_looks_the_same_on_a_ground_now_or_later(matte: Matte) -> None:
    """The transparent cutout, laid on a ground by somebody else, is the picture made on that ground."""
    full = int(np.iinfo(matte.dtype).max)
    rng = np.random.default_rng(4)
    foreground, ground = rng.integers(0, full, (2, *matte.shape, 3), matte.dtype, endpoint=True)
    shadow = soft_shadow(matte, 60)
    colours, alpha = over_shadow(foreground, matte, shadow)
    later = over(colours, alpha, ground).astype(int)
    now = over(foreground, matte, darkened(ground, shadow)).astype(int)
    assert np.abs(later - now).max() <= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
def test_the_smallest_pictures_have_shadows_too(shape: tuple[int, int]) -> None:
    assert soft_shadow(np.full(shape, 255, np.uint8), 40).shape == shape
