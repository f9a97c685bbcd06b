"""A Picture that doesn't fit together would be a wrong cutout three modules later."""

import numpy as np
import pytest

from cutout.media.picture import Picture, Samples


def picture(pixels: Samples, alpha: Samples | None = None, dpi: tuple[float, float] | None = None) -> Picture:
    return Picture(pixels, alpha, None, dpi, None, "PNG")


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, 8), (np.uint16, 16)])
def test_size_and_depth_are_those_of_the_arrays(dtype: type, depth: int) -> None:
    made = picture(np.zeros((2, 3, 3), dtype), np.zeros((2, 3), dtype))
    assert (made.height, made.width, made.depth) == (2, 3, depth)


@pytest.mark.parametrize(
    ("pixels", "alpha", "arrived"),
    [
        (np.zeros((2, 3), np.uint8), None, r"\(2, 3\)"),
        (np.zeros((2, 3, 4), np.uint8), None, r"\(2, 3, 4\)"),
        (np.zeros((2, 3, 3), np.float32), None, "float32"),
        (np.zeros((2, 3, 3), ">u2"), None, ">u2"),
        (np.zeros((0, 3, 3), np.uint8), None, r"\(0, 3, 3\)"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2), np.uint8), r"\(3, 2\)"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3), np.uint16), "uint16"),
    ],
)
def test_arrays_that_do_not_fit_are_named(pixels: Samples, alpha: Samples | None, arrived: str) -> None:
    with pytest.raises(ValueError, match=arrived):
        picture(pixels, alpha)


@pytest.mark.parametrize("dpi", [(0.0, 72.0), (72.0, float("nan")), (72.0, 1e6)])
def test_a_resolution_that_no_file_can_hold_is_refused(dpi: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="dpi"):
        picture(np.zeros((1, 1, 3), np.uint8), dpi=dpi)
