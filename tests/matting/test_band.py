"""If these fail, some soft pixels keep the old background, or take the colours of others."""

import threading

import numpy as np
import pytest

from cutout.matting.band import for_each_tile
from cutout.matting.tiles import Tile


@pytest.mark.parametrize("factor", [1, 4, 128])
@pytest.mark.parametrize("size", [(1, 1), (3, 50000), (700, 300)])
def test_every_pixel_of_the_band_is_visited_once(size: tuple[int, int], factor: int) -> None:
    band = (np.random.default_rng(0).random(size) > 0.9999).astype(np.uint8)
    visits, lock = np.zeros(size, int), threading.Lock()

    def visit(tile: Tile) -> None:
        assert band[tile].any()
        assert all(side.start % factor == 0 for side in tile)
        with lock:
            visits[tile] += 1

    for_each_tile(band, factor, visit)
    assert (visits[band > 0] == 1).all()
    assert visits.max() <= 1


def test_a_failure_is_not_lost() -> None:
    def fail(_: Tile) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        for_each_tile(np.ones((2, 2), np.uint8), 1, fail)
