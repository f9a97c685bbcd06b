"""If these fail, cutouts carry a halo of their old background."""

import cv2
import numpy as np
import pytest

from cutout.arrays import Pixels
from cutout.matting.composite import over
from cutout.matting.foreground import enlarged, estimate_foreground, shrunk
from cutout.matting.tiles import tiles


def edge(dtype: type) -> Pixels:
    """A matte that goes from nil to full over 40 columns."""
    ramp = np.clip((np.arange(400) - 150) / 40, 0, 1)
    return np.tile(np.rint(ramp * np.iinfo(dtype).max).astype(dtype), (300, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("behind", [0, 90, 255])
def test_a_pure_colour_comes_back_at_every_alpha(dtype: type, behind: int) -> None:
    scale = np.iinfo(dtype).max // 255
    matte = edge(dtype)
    colour = np.full((*matte.shape, 3), np.array([10, 200, 10]) * scale, dtype)
    photo = over(colour, matte, np.full_like(colour, behind * scale))
    estimated = estimate_foreground(photo, matte)
    shows = matte > 0
    assert np.abs(estimated[shows].astype(int) - colour[shows]).max() <= scale


def test_a_textured_foreground_loses_most_of_its_halo() -> None:
    rng = np.random.default_rng(0)
    matte = edge(np.uint8)
    foreground = np.clip(rng.normal([180, 120, 60], 12, (*matte.shape, 3)), 0, 255).astype(np.uint8)
    background = np.clip(rng.normal([30, 60, 200], 12, (*matte.shape, 3)), 0, 255).astype(np.uint8)
    photo = over(foreground, matte, background)
    soft = (matte > 0) & (matte < 255)
    weight = matte[soft][:, None] / 255
    before = (np.abs(photo[soft].astype(int) - foreground[soft]) * weight).mean()
    after = (np.abs(estimate_foreground(photo, matte)[soft].astype(int) - foreground[soft]) * weight).mean()
    assert after < 0.3 * before


def test_where_alpha_is_full_or_nil_no_pixel_changes(cat: Pixels) -> None:
    matte = np.zeros(cat.shape[:2], np.uint8)
    matte[50:200, 50:300] = 255
    matte[60:70, 50:300] = 100
    estimated = estimate_foreground(cat, matte)
    hard = (matte == 0) | (matte == 255)
    np.testing.assert_array_equal(estimated[hard], cat[hard])


@pytest.mark.parametrize("alpha", [0, 100, 255])
def test_a_matte_without_anything_certain_does_no_harm(cat: Pixels, alpha: int) -> None:
    matte = np.full(cat.shape[:2], alpha, np.uint8)
    np.testing.assert_array_equal(estimate_foreground(cat[:1, :1], matte[:1, :1]), cat[:1, :1])
    error = np.abs(estimate_foreground(cat, matte).astype(int) - cat)
    assert error.mean() < 10


@pytest.mark.parametrize("size", [(300, 451), (8, 16), (1, 7), (301, 13)])
@pytest.mark.parametrize("halvings", [0, 1, 3])
def test_tiles_of_an_enlarged_picture_fit_together(cat: Pixels, size: tuple[int, int], halvings: int) -> None:
    times = 2**halvings
    small = shrunk(cv2.resize(cat, size[::-1]), halvings)
    beyond = cv2.copyMakeBorder(small, 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    expected = cv2.resize(beyond, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR)
    for tile in tiles(*size, rows=64, columns=100):
        np.testing.assert_allclose(enlarged(small, times, tile), expected[tile], atol=1e-3)
