"""If these fail, cutouts carry a halo of their old background."""

import numpy as np
import pytest

from cutout.arrays import Matte, Pixels
from cutout.matting.composite import over
from cutout.matting.foreground import estimate_foreground


def edge(dtype: type, columns: int = 40, size: tuple[int, int] = (300, 400)) -> Matte:
    """A matte that goes from nil to full over `columns`."""
    ramp = np.clip((np.arange(size[1]) - 150) / columns, 0, 1)
    return np.tile(np.rint(ramp * np.iinfo(dtype).max).astype(dtype), (size[0], 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("behind", [0, 90, 255])
@pytest.mark.parametrize(
    ("columns", "size"), [(40, (300, 400)), (255, (300, 600)), (3, (900, 2000)), (255, (900, 2000))]
)
def test_a_pure_colour_comes_back_at_every_alpha(dtype: type, behind: int, columns: int, size: tuple[int, int]) -> None:
    scale = np.iinfo(dtype).max // 255
    matte = edge(dtype, columns, size)
    colour = np.full((*matte.shape, 3), np.array([10, 200, 10]) * scale, dtype)
    photo = over(colour, matte, np.full_like(colour, behind * scale))
    estimated = estimate_foreground(photo, matte)
    shows = matte > 0
    assert np.abs(estimated[shows].astype(int) - colour[shows]).max() <= 2 * scale


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
