"""If these fail, photos of phones are refused, lie on their side, or lose bits.

The files in `pinned` were written by pillow-heif 1.8.1, whose encoder is no part of this project, from `quarters`: with
all the metadata of `test_facts`, with a transparent left quarter, as a ramp in 10 bits, and the red alone as grey.
"""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from cutout.errors import TooManyPixels, UnreadableImage
from cutout.limits import Limits
from cutout.media.image import ImageFormat, decode, encode
from tests.media.profiles import ADOBE_RGB

PINNED = Path(__file__).parent / "pinned"


def heic(name: str) -> bytes:
    return (PINNED / f"{name}.heic").read_bytes()


def test_a_photo_held_sideways_is_turned_once(quarters: npt.NDArray[np.uint8]) -> None:
    """Its EXIF says so too, as phones write it."""
    pixels = decode(heic("turned"), Limits()).pixels
    assert pixels.shape == quarters.shape
    middles = np.ix_([12, 36], [20, 60])
    assert np.abs(pixels[middles].astype(int) - quarters[middles]).max() <= 3


def test_facts_survive_and_the_place_does_not() -> None:
    picture = decode(heic("turned"), Limits())
    assert (picture.icc_profile, picture.dpi, picture.copyright) == (ADOBE_RGB, (300, 150), "© Ada")
    assert b"SecretPlace" in heic("turned")
    assert b"SecretPlace" not in encode(picture, ImageFormat.PNG)


def test_transparency_is_kept() -> None:
    alpha = decode(heic("alpha"), Limits()).alpha
    assert alpha is not None
    assert not alpha[:, :19].any()
    assert (alpha[:, 21:] >= 254).all()


def test_ten_bits_become_sixteen_and_white_stays_white() -> None:
    ramp = decode(heic("ten_bits"), Limits()).pixels
    assert ramp.dtype == np.uint16
    assert len(np.unique(ramp)) > 60
    assert ramp[24, 79].tolist() == [65535] * 3
    assert np.abs(ramp[24, :, 0] / 65535 - np.linspace(0, 1, 80)).max() < 0.01


def test_grey_becomes_three_equal_channels(quarters: npt.NDArray[np.uint8]) -> None:
    pixels = decode(heic("grey"), Limits()).pixels
    assert np.abs(pixels[12, 20].astype(int) - quarters[12, 20, 0]).max() <= 3


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(share: float) -> None:
    data = heic("turned")
    with pytest.raises(UnreadableImage, match="The HEIF file is damaged or cut short"):
        decode(data[: int(len(data) * share)], Limits())


def test_a_file_whose_rest_never_came_is_refused() -> None:
    data = heic("turned")
    with pytest.raises(UnreadableImage):
        decode(data[:1000].ljust(len(data), b"\0"), Limits())


def test_what_cameras_write_behind_the_picture_is_no_damage() -> None:
    data = heic("grey")
    assert decode(data + b"\xff\xff\xff\xffSEFT", Limits()).width == 80
    assert decode(data + struct.pack(">I4s", 108, b"free") + bytes(100), Limits()).width == 80


def test_limits_hold_before_anything_is_decoded() -> None:
    with pytest.raises(TooManyPixels):
        decode(heic("ten_bits"), Limits(megapixels=0.003))


@pytest.mark.parametrize("name", ["ten_bits", "grey"])
def test_a_header_that_belittles_its_pixels_is_refused(name: str) -> None:
    data = heic(name)
    start = data.index(b"ispe") + 8
    small = data[:start] + struct.pack(">II", 8, 4) + data[start + 8 :]
    with pytest.raises(UnreadableImage):
        decode(small, Limits())
