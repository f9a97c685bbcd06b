"""Transparency that the upload already had must not be lost, nor invented, and what is hidden not given away."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cutout.media.channels import from_grey, from_rgba, to_rgba


@pytest.mark.parametrize("shift", [0, 8])
def test_colour_and_alpha_part_unchanged(shift: int, texture: npt.NDArray[np.uint16]) -> None:
    rgba: npt.NDArray[Any] = texture if shift == 0 else (texture >> shift).astype(np.uint8)
    channels = from_rgba(rgba)
    assert channels.alpha is not None
    assert np.array_equal(channels.colour, rgba[..., :3])
    assert np.array_equal(channels.alpha, rgba[..., 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_alpha_that_hides_nothing_is_none(dtype: Any) -> None:
    assert from_rgba(np.full((2, 3, 4), np.iinfo(dtype).max, dtype)).alpha is None


def test_grey_becomes_three_equal_channels(texture: npt.NDArray[np.uint16]) -> None:
    grey = texture[..., 0].copy()
    channels = from_grey(grey)
    assert channels.alpha is None
    assert np.array_equal(channels.colour, np.repeat(grey[..., np.newaxis], 3, axis=2))


def test_alpha_turns_with_the_colour(texture: npt.NDArray[np.uint16]) -> None:
    turned = from_rgba(texture).turned(6)
    assert turned.alpha is not None
    assert np.array_equal(turned.colour, np.rot90(texture[..., :3], -1))
    assert np.array_equal(turned.alpha, np.rot90(texture[..., 3], -1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_alpha_hides_is_gone_and_what_it_shows_is_not(dtype: Any) -> None:
    colour = np.full((4, 4, 3), 7, dtype)
    full = np.iinfo(dtype).max
    alpha = np.zeros((4, 4), dtype)
    alpha[1:3, 1:3] = [[0, 1], [full - 1, full]]
    rgba = to_rgba(colour[1:3, 1:3], alpha[1:3, 1:3])
    assert rgba.tolist() == [[[0] * 4, [7, 7, 7, 1]], [[7, 7, 7, full - 1], [7, 7, 7, full]]]
    assert colour.min() == 7
