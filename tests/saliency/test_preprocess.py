"""If these fail, the net sees another picture than the authors showed it."""

import numpy as np
import pytest
from skimage.transform import resize

from cutout.arrays import Pixels
from cutout.saliency.preprocess import normalise_colours, resize_bilinear


@pytest.mark.parametrize("size", [(300, 451), (320, 320), (1000, 37), (1, 1), (2, 900)])
def test_sampling_is_that_of_the_authors(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    theirs = resize(image, (320, 320), order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    np.testing.assert_allclose(resize_bilinear(image, 320), theirs, atol=0.01)


def test_the_brightest_sample_of_each_picture_counts_as_one() -> None:
    dim, white = np.full((2, 4, 4, 3), [[[[51]]], [[[255]]]], np.uint8)
    together = normalise_colours(np.stack([dim, white]))
    np.testing.assert_array_equal(together[0], together[1])
    np.testing.assert_allclose(
        together[1, :, 0, 0], [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], rtol=1e-6
    )


def test_black_is_no_division_by_zero() -> None:
    np.testing.assert_allclose(
        normalise_colours(np.zeros((1, 5, 5, 3), np.uint8))[0, :, 2, 2],
        [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
        rtol=1e-6,
    )


@pytest.mark.parametrize("scale", [1 / 255, 1, 257])
def test_the_scale_of_the_samples_does_not_count(cat: Pixels, scale: float) -> None:
    """8 bits, 16 bits and fractions of one are the same picture."""
    np.testing.assert_allclose(
        normalise_colours(cat[None].astype(np.float32) * np.float32(scale)), normalise_colours(cat[None]), atol=1e-5
    )
