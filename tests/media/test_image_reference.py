"""Files that nobody here made: each is read as its makers meant it, or refused by the right name."""

from pathlib import Path

import numpy as np
import pytest

from cutout import errors
from cutout.limits import Limits
from cutout.media.image import decode

AWKWARD = Path(__file__).parents[3] / "shared" / "data" / "awkward"

SIZES = {
    "alpha.avif": (64, 64, 8),
    "animated.avifs": (159, 159, 8),
    "animated_31frames_transparent.gif": (320, 240, 8),
    "animated_42frames.webp": (245, 245, 8),
    "animated_apng.png": (128, 64, 8),
    "animated_dispose_bg.gif": (100, 100, 8),
    "cmyk.jpg": (100, 100, 8),
    "exif0_invalid_value.jpg": (1800, 1200, 8),
    "exif1_landscape.jpg": (1800, 1200, 8),
    "exif3_landscape.jpg": (1800, 1200, 8),
    "exif5_landscape_mirrored.jpg": (1800, 1200, 8),
    "exif6.webp": (128, 128, 8),
    "exif6_landscape.jpg": (1800, 1200, 8),
    "exif8_portrait.jpg": (1200, 1800, 8),
    "gray.jpg": (128, 128, 8),
    "gray16.png": (32, 32, 16),
    "gray_12in16.tif": (100, 100, 16),
    "graya16.png": (32, 32, 16),
    "hopper.avif": (128, 128, 8),
    "irot1.avif": (640, 427, 8),
    "multi_picture.mpo": (640, 480, 8),
    "palette_1bit.png": (32, 32, 8),
    "palette_trns.png": (32, 32, 8),
    "photo_12MP.heic": (4032, 3024, 8),
    "photo_flower.jpg": (480, 360, 8),
    "progressive_big_icc.jpg": (425, 250, 8),
    "rgb16.png": (32, 32, 16),
    "rgb16.tiff": (100, 40, 16),
    "rgb_trns.png": (32, 32, 8),
    "rgba.webp": (200, 150, 8),
    "rgba16.png": (32, 32, 16),
    "rgba16_interlaced.png": (32, 32, 16),
    "xmp_orientation3.png": (326, 268, 8),
}

REFUSALS = {
    "bomb.ico": errors.UnsupportedFormat,
    "bomb_200MP.heic": errors.TooManyPixels,
    "bomb_66000x66000.gif": errors.TooManyPixels,
    "bomb_reallybig.bmp": errors.TooManyPixels,
    "corrupted.heic": errors.UnreadableImage,
    "empty.heic": errors.EmptyFile,
    "truncated.heic": errors.UnreadableImage,
    "truncated.jpg": errors.UnreadableImage,
    "truncated.png": errors.UnreadableImage,
    "truncated_end_chunk.png": errors.UnreadableImage,
}


def read(name: str) -> bytes:
    if not AWKWARD.is_dir():
        pytest.skip("skipped: no reference data")
    return (AWKWARD / name).read_bytes()


@pytest.mark.parametrize("name", SIZES)
def test_a_readable_file_has_its_size_and_depth(name: str) -> None:
    picture = decode(read(name), Limits())
    assert (picture.width, picture.height, picture.depth) == SIZES[name]


@pytest.mark.parametrize("name", REFUSALS)
def test_an_unreadable_file_is_refused_by_name(name: str) -> None:
    with pytest.raises(REFUSALS[name]):
        decode(read(name), Limits())


def test_no_file_is_left_out() -> None:
    read("gray.jpg")
    named = SIZES.keys() | REFUSALS.keys()
    others = [path for path in AWKWARD.iterdir() if path.name not in named]
    for path in others:
        try:
            decode(path.read_bytes(), Limits())
        except errors.CutoutError:
            continue


@pytest.mark.parametrize("name", ["exif3_landscape.jpg", "exif5_landscape_mirrored.jpg", "exif6_landscape.jpg"])
def test_the_same_photo_held_otherwise_is_the_same_photo(name: str) -> None:
    upright = decode(read("exif1_landscape.jpg"), Limits()).pixels.astype(int)
    turned = decode(read(name), Limits()).pixels.astype(int)
    digit = np.zeros(upright.shape[:2], bool)
    digit[200:1000, 400:1400] = True
    assert np.abs(turned - upright)[~digit].mean() < 6
