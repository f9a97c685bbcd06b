import numpy as np
import pytest

from cutout.matting.planes import over_plane, over_planes, padded


@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 1023)])
def test_every_sample_and_alpha_is_blended_to_the_nearest_whole_number(dtype: type, full: int) -> None:
    """Full alpha keeps the sample, nil gives the background, and nothing between is off by one."""
    random = np.random.default_rng(0)
    shape = (200, 1100)
    front, behind, matte = (random.integers(0, full + 1, shape).astype(dtype) for _ in range(3))
    matte[:50], matte[50:100] = full, 0
    result = np.empty(shape, dtype)
    over_plane(front, matte, behind, full, result)
    alpha = matte.astype(np.float64) / full
    exact = front * alpha + behind * (1 - alpha)
    assert np.abs(result - exact).max() <= 0.5 + 1e-9
    np.testing.assert_array_equal(result[:50], front[:50])
    np.testing.assert_array_equal(result[50:100], behind[50:100])


def test_chroma_of_420_is_kept_where_all_four_of_its_pixels_are() -> None:
    matte = np.zeros((8, 8), np.uint8)
    matte[:, :5] = 255
    front = [np.full((8, 8), 100, np.uint8), *(np.full((4, 4), 200, np.uint8) for _ in range(2))]
    behind = [np.zeros_like(plane) for plane in front]
    result = [np.empty_like(plane) for plane in front]
    over_planes(front, matte, behind, 255, result)
    assert (result[1][:, :2] == 200).all()
    assert (result[1][:, 2] == 100).all()
    assert (result[1][:, 3] == 0).all()


def test_a_larger_plane_repeats_the_edge() -> None:
    result = np.zeros((4, 4), np.uint8)
    padded(np.arange(9, dtype=np.uint8).reshape(3, 3), result)
    np.testing.assert_array_equal(result, [[0, 1, 2, 2], [3, 4, 5, 5], [6, 7, 8, 8], [6, 7, 8, 8]])
