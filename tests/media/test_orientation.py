"""A photo that lies on its side is the first thing a user notices."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cutout.media.orientation import turn


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_orientation_comes_back_upright(
    orientation: int, dtype: Any, unturned: dict[int, npt.NDArray[np.uint8]], quarters: npt.NDArray[np.uint8]
) -> None:
    stored: npt.NDArray[Any] = np.ascontiguousarray(unturned[orientation]).astype(dtype)
    assert np.array_equal(turn(stored, orientation), quarters)
    assert np.array_equal(turn(np.ascontiguousarray(stored[..., 0]), orientation), quarters[..., 0])


def test_an_upright_picture_is_not_copied() -> None:
    stored = np.zeros((2, 3, 3), np.uint8)
    assert turn(stored, 1) is stored
