"""If these fail, the net sees another picture than the authors showed it."""

import numpy as np
import pytest
from skimage.transform import resize

from cutout.arrays import Pixels
from cutout.saliency.preprocess import preprocess, resize_bilinear


@pytest.mark.parametrize("size", [(300, 451), (320, 320), (1000, 37), (1, 1), (2, 900)])
def test_sampling_is_that_of_the_authors(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    theirs = resize(image, (320, 320), order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    np.testing.assert_allclose(resize_bilinear(image, 320), theirs, atol=0.01)


def test_the_brightest_sample_counts_as_one() -> None:
    dim = np.full((10, 10, 3), 51, np.uint8)
    white = np.full((10, 10, 3), 255, np.uint8)
    np.testing.assert_array_equal(preprocess(dim), preprocess(white))
    np.testing.assert_allclose(
        preprocess(white)[:, 0, 0], [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    )


def test_black_is_no_division_by_zero() -> None:
    assert np.isfinite(preprocess(np.zeros((5, 5, 3), np.uint8))).all()


def test_sixteen_bits_look_like_eight(cat: Pixels) -> None:
    np.testing.assert_allclose(preprocess(cat.astype(np.uint16) * 257), preprocess(cat), atol=1e-4)
