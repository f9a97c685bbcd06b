"""If these fail, colours and edges are sought beside where they are."""

import cv2
import numpy as np
import pytest

from cutout.arrays import Floats
from cutout.matting.band import for_each_tile
from cutout.matting.small_copy import Enlarged, factor_to, shrunk
from cutout.matting.tiles import Tile


@pytest.mark.parametrize(("sides", "factor"), [((11, 3), 1), ((12, 3), 2), ((3, 22), 2), ((89, 1), 16)])
def test_the_longer_side_fits(sides: tuple[int, int], factor: int) -> None:
    assert factor_to(11, *sides) == factor


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_each_value_is_the_mean_of_those_that_it_stands_for(dtype: type) -> None:
    array = np.random.default_rng(0).integers(0, 256, (80, 120)).astype(dtype)
    np.testing.assert_allclose(shrunk(array, 8), array.reshape(10, 8, 15, 8).mean(axis=(1, 3)), rtol=1e-5)


@pytest.mark.parametrize("sides", [(1, 1), (1, 9), (7, 6)])
def test_sides_need_no_factor(sides: tuple[int, int]) -> None:
    small = shrunk(np.full((*sides, 3), 200, np.uint8), 4)
    assert small.shape == (-(-sides[0] // 4), -(-sides[1] // 4), 3)
    assert (small == 200).all()


def test_a_strip_that_shrinks_a_lot_stays_white() -> None:
    assert (shrunk(np.full((2000, 3), 255, np.uint8), 512) == 255).all()


@pytest.mark.parametrize("factor", [1, 2, 16])
@pytest.mark.parametrize("size", [(1, 1), (200, 601), (64, 256), (130, 1)])
def test_tiles_of_a_small_copy_lie_where_those_of_its_picture_do(size: tuple[int, int], factor: int) -> None:
    ramps = np.dstack([*np.mgrid[: size[0], : size[1]].astype(np.float32), np.ones(size, np.float32)])
    seen = enlarged(shrunk(ramps, factor), factor, size)
    inner = tuple(slice(factor // 2, max(1, side - side % factor - factor // 2)) for side in size)
    np.testing.assert_allclose(seen[inner], ramps[inner], atol=0.01 if min(size) >= factor else factor)


def test_tiles_of_a_small_copy_have_no_seams() -> None:
    small = np.random.default_rng(0).random((100, 200, 3), np.float32)
    seen = enlarged(small, 8, (800, 1600))
    np.testing.assert_allclose(seen, cv2.resize(small, (1600, 800), interpolation=cv2.INTER_LINEAR), atol=1e-5)


def enlarged(small: Floats, factor: int, size: tuple[int, int]) -> Floats:
    seen = np.full((*size, 3), np.nan, np.float32)
    source = Enlarged(small, factor)

    def look(tile: Tile) -> None:
        seen[tile] = source[tile]

    for_each_tile(np.ones(size, np.uint8), factor, look)
    return seen
