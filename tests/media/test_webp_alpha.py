"""If these fail, a WebP shows another matte than was made, or none, or can't be opened."""

import io

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image

from cutout.media.picture import Picture
from cutout.media.web_formats import encode_webp
from cutout.media.webp_alpha import alpha_plane, with_alpha_plane
from tests.media.profiles import DISPLAY_P3

SIZES = [(1, 1), (1, 9), (9, 1), (2, 2), (63, 65), (64, 64), (65, 3), (200, 311)]


def mattes(height: int, width: int) -> list[npt.NDArray[np.uint8]]:
    rows, columns = np.mgrid[:height, :width]
    ramp = (rows * 3 + columns * 5) % 256
    noise = np.random.default_rng(height * width).integers(0, 256, (height, width))
    return [matte.astype(np.uint8) for matte in (ramp, noise, np.where(noise > 128, 255, 0), np.zeros_like(ramp))]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_value_of_alpha_comes_back(height: int, width: int) -> None:
    for alpha in mattes(height, width):
        alpha[0, 0] = 0
        data = encode_webp(Picture(np.full((height, width, 3), 90, np.uint8), alpha, None, None, None, "JPEG"))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[..., 3], alpha)
        by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(by_opencv[..., 3], alpha)


@pytest.mark.parametrize("smallest", [1, 255])
def test_where_nothing_is_hidden_alpha_comes_back_too(smallest: int) -> None:
    alpha = np.full((20, 30), 255, np.uint8)
    alpha[3:9] = smallest
    data = encode_webp(Picture(np.full((20, 30, 3), 90, np.uint8), alpha, None, None, None, "JPEG"))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[..., 3], alpha)


def test_what_travels_with_a_photo_stays_in_the_file() -> None:
    alpha = np.zeros((20, 31), np.uint16)
    alpha[5:15, 5:25] = 40000
    alpha[4] = 100
    pixels = np.full((20, 31, 3), 30000, np.uint16)
    image = Image.open(io.BytesIO(encode_webp(Picture(pixels, alpha, DISPLAY_P3, (300, 300), "Zoë", "TIFF"))))
    assert image.info["icc_profile"] == DISPLAY_P3
    assert image.getexif()[ExifTags.Base.XResolution] == 300
    assert np.asarray(image)[10, 10, 3] == round(40000 / 257)
    assert np.asarray(image)[4, 10, 3] == 0


def test_colours_and_size_are_those_that_the_encoder_gives_by_itself(cat: npt.NDArray[np.uint8]) -> None:
    alpha = np.zeros(cat.shape[:2], np.uint8)
    alpha[50:250, 100:350] = np.linspace(0, 255, 250).round()
    ours = encode_webp(Picture(cat, alpha, None, None, None, "JPEG"))
    image = Image.fromarray(np.where(alpha[..., np.newaxis] > 0, cat, 0))
    image.putalpha(Image.fromarray(alpha))
    image.save(file := io.BytesIO(), "WEBP", quality=90, method=2)
    assert len(ours) < 1.02 * len(file.getvalue())
    shown, expected = (np.asarray(Image.open(io.BytesIO(data))).astype(int) for data in (ours, file.getvalue()))
    assert np.abs(shown[alpha > 0] - expected[alpha > 0]).mean() < 0.5


def test_a_file_without_alpha_is_not_given_any() -> None:
    Image.new("RGB", (4, 4)).save(file := io.BytesIO(), "WEBP")
    with pytest.raises(ValueError, match="no ALPH chunk"):
        with_alpha_plane(file.getvalue(), alpha_plane(np.zeros((4, 4), np.uint8)))
