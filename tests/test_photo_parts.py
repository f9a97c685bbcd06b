"""If these fail, large photos take more memory than they need, or a background shows colours that the photo hasn't."""

from dataclasses import replace

import numpy as np
import pytest

from cutout.arrays import Matte, Pixels
from cutout.choices import Blur
from cutout.matting.composite import blurred
from cutout.media.picture import Picture
from cutout.options import Options
from cutout.photo_parts import Parts, parts_of
from cutout.stopwatch import Stopwatch


@pytest.fixture
def picture(cat: Pixels) -> Picture:
    return Picture(cat.copy(), None, None, None, None, "JPEG")


@pytest.fixture
def matte(cat: Pixels) -> Matte:
    ramp = np.clip(np.arange(cat.shape[1]) - 100, 0, 255).astype(np.uint8)
    return np.tile(ramp, (cat.shape[0], 1))


def parts(picture: Picture, matte: Matte, options: Options) -> Parts:
    def no_picture(key: str) -> Picture:
        raise FileNotFoundError(key)

    return parts_of(picture, matte, options, no_picture, Stopwatch())


def test_a_photo_is_in_memory_once(picture: Picture, matte: Matte, cat: Pixels) -> None:
    foreground = parts(picture, matte, Options()).foreground.pixels
    assert np.shares_memory(foreground, picture.pixels)
    assert not np.array_equal(foreground, cat)


def test_what_decoders_give_to_be_read_only_makes_the_same_parts(picture: Picture, matte: Matte, cat: Pixels) -> None:
    for given in (cat.copy(), np.asfortranarray(cat)):
        given.flags.writeable = False
        foreground = parts(replace(picture, pixels=given), matte, Options()).foreground.pixels
        np.testing.assert_array_equal(given, cat)
        np.testing.assert_array_equal(
            foreground, parts(replace(picture, pixels=cat.copy()), matte, Options()).foreground.pixels
        )


def test_a_blurred_background_is_of_the_photo_as_it_came(picture: Picture, matte: Matte, cat: Pixels) -> None:
    np.testing.assert_array_equal(parts(picture, matte, Options(background=Blur(3))).ground, blurred(cat, 3))
