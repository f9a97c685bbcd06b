"""If these fail, soft edges take colours from nowhere near."""

import numpy as np

from cutout.matting.pull_push import pull_push


def test_known_colours_stay_and_the_nearest_spread() -> None:
    image = np.zeros((33, 70, 3), np.float32)
    image[:, :10], image[:, 60:] = (10, 20, 30), (200, 100, 0)
    known = np.zeros((33, 70), bool)
    known[:, :10] = known[:, 60:] = True
    spread = pull_push(image, known)
    np.testing.assert_allclose(spread[known], image[known], atol=1e-3)
    np.testing.assert_allclose(spread[16, 12], (10, 20, 30), atol=25)
    np.testing.assert_allclose(spread[16, 57], (200, 100, 0), atol=25)


def test_one_colour_is_the_colour_of_all() -> None:
    known = np.zeros((20, 20), bool)
    known[3, 4] = True
    spread = pull_push(np.full((20, 20, 3), 77, np.float32), known)
    np.testing.assert_allclose(spread, 77, rtol=1e-4)


def test_where_nothing_is_known_nothing_changes() -> None:
    image = np.random.default_rng(0).uniform(0, 255, (5, 6, 3)).astype(np.float32)
    np.testing.assert_array_equal(pull_push(image, np.zeros((5, 6), bool)), image)
