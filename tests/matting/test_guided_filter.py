"""If these fail, mattes don't follow the colours of their pictures, or follow them where they tell nothing."""

import numpy as np
import pytest

from cutout.arrays import Floats
from cutout.matting.guided_filter import GuidedFilter, inverted


@pytest.fixture
def guide() -> Floats:
    return np.random.default_rng(0).uniform(0, 1, (3, 40, 60)).astype(np.float32)


def test_a_matte_that_is_a_linear_function_of_colour_stays(guide: Floats) -> None:
    matte = 0.2 * guide[0] - 0.5 * guide[1] + 0.3 * guide[2] + 0.4
    guided = GuidedFilter(guide, radius_pixels=3, epsilon=1e-6)
    np.testing.assert_allclose(guided(matte), matte, atol=1e-3)
    assert guided.explained(matte).min() > 0.99


def test_a_matte_that_has_nothing_to_do_with_the_colours_is_smoothed(guide: Floats) -> None:
    matte = np.random.default_rng(1).uniform(0, 1, guide.shape[1:]).astype(np.float32)
    guided = GuidedFilter(guide, radius_pixels=5, epsilon=1e-4)
    assert guided(matte).std() < 0.3 * matte.std()
    assert guided.explained(matte).mean() < 0.1


def test_a_flat_matte_stays_and_nothing_explains_it(guide: Floats) -> None:
    matte = np.full(guide.shape[1:], 0.7, np.float32)
    guided = GuidedFilter(guide, radius_pixels=3, epsilon=1e-4)
    np.testing.assert_allclose(guided(matte), matte, atol=1e-4)
    assert guided.explained(matte).max() < 0.01


def test_the_inverse_is_numpys() -> None:
    a, b, c, d, e, f = 4.0, 1.0, 0.5, 3.0, 0.2, 2.0
    inverse = inverted([np.full((1, 1), value) for value in (a, b, c, d, e, f)])[..., 0, 0]
    np.testing.assert_allclose(inverse, np.linalg.inv([[a, b, c], [b, d, e], [c, e, f]]))
