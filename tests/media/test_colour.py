"""Wrong colours in print material are found late and cost money."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutout.media.colour import converted, rgb_profile, to_srgb
from tests.media.profiles import DISPLAY_P3


def header(space: bytes) -> bytes:
    """As much of an ICC profile as says what it describes."""
    return bytes(16) + space + bytes(16) + b"acsp" + bytes(100)


def with_profile(mode: str, profile: object) -> Image.Image:
    image = Image.new(mode, (1, 1))
    image.info["icc_profile"] = profile
    return image


@pytest.mark.parametrize(
    ("mode", "profile", "kept"),
    [
        ("RGB", header(b"RGB "), True),
        ("L", header(b"RGB "), True),
        ("CMYK", header(b"RGB "), False),
        ("RGB", header(b"GRAY"), False),
        ("RGB", header(b"CMYK"), False),
        ("RGB", b"RGB ", False),
        ("RGB", bytes(200), False),
        ("RGB", None, False),
        ("RGB", "text", False),
    ],
)
def test_only_a_profile_of_rgb_colours_is_kept(mode: str, profile: object, kept: bool) -> None:
    assert rgb_profile(with_profile(mode, profile)) == (profile if kept else None)


def test_a_real_srgb_profile_is_kept() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert rgb_profile(with_profile("RGB", profile)) is profile


def test_colours_are_the_same_to_the_eye_in_another_profile() -> None:
    pixels = np.array([[[255, 0, 0], [90, 160, 40], [255, 255, 255]]], np.uint8)
    wide = converted(pixels, None, DISPLAY_P3)
    assert np.abs(wide[0, 0].astype(int) - (234, 51, 35)).max() <= 1, "sRGB's red, as Apple's own converter has it"
    assert np.abs(converted(wide, DISPLAY_P3, None).astype(int) - pixels).max() <= 2
    deep = converted(pixels.astype(np.uint16) * np.uint16(257), None, DISPLAY_P3)
    assert np.array_equal(deep, wide.astype(np.uint16) * np.uint16(257))


@pytest.mark.parametrize("profile", [header(b"RGB "), None])
def test_a_profile_that_cannot_be_read_counts_as_srgb(profile: bytes | None) -> None:
    pixels = np.array([[[255, 0, 0]]], np.uint8)
    assert converted(pixels, profile, None) is pixels


@pytest.mark.parametrize("profile", [None, header(b"RGB "), b"no profile"])
def test_ink_without_a_profile_of_inks_is_the_complement_of_rgb(profile: bytes | None) -> None:
    image = Image.new("CMYK", (1, 1), (255, 0, 0, 0))
    image.info["icc_profile"] = profile
    assert to_srgb(image).getpixel((0, 0)) == (0, 255, 255)


def ink_profile(paper: tuple[int, int, int], ink: tuple[int, int, int]) -> bytes:
    """A printer's ICC profile (version 2, `mft1`) where no ink gives `paper`, full cyan gives `ink`, all else black.

    Both in Lab as the table stores it: L of 0 to 100 in 255 steps, a and b with 128 as zero.
    """
    straight = bytes(range(256))
    black = bytes([0, 128, 128])
    corners = bytes(paper) + black * 7 + bytes(ink) + black * 7
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + straight * 4 + corners + straight * 3
    table += bytes(-len(table) % 4)
    tags = struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
    illuminant = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    start = struct.pack(">I4xI4s4s4s12x4s", 144 + len(table), 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    return (start + bytes(28) + illuminant).ljust(128, b"\0") + tags + table


def test_ink_goes_through_its_own_profile() -> None:
    white, red = (255, 128, 128), (135, 208, 195)
    image = Image.new("CMYK", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 0))
    image.info["icc_profile"] = ink_profile(white, red)
    paper, cyan_ink = np.asarray(to_srgb(image))[0].astype(int)
    assert np.abs(paper - 255).max() <= 2
    assert np.abs(cyan_ink - (255, 0, 0)).max() <= 12, "this printer's cyan is red"


def test_lab_becomes_the_srgb_that_it_measures() -> None:
    white, middle_grey = (255, 128, 128), (137, 128, 128)
    lab = Image.new("LAB", (2, 1), white)
    lab.putpixel((1, 0), middle_grey)
    assert np.abs(np.asarray(to_srgb(lab)).astype(int) - [[[255] * 3, [128] * 3]]).max() <= 2
