"""If these fail, `make sam` lets an image pass whose cutouts aren't the library's."""

import io

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Pixels
from cutout.choices import Output
from cutout.media.png import encode_png
from cutout.photo_outputs import Rendition
from infra.docker.reference import Difference, compare


@pytest.fixture
def cutout(cat: Pixels) -> Pixels:
    """The cat, kept whole within a box, soft on a border of it, and gone outside."""
    matte = np.zeros(cat.shape[:2], np.uint8)
    matte[50:250, 100:300] = 128
    matte[60:240, 110:290] = 255
    return np.dstack([cat, matte])


@pytest.fixture
def photo(cat: Pixels) -> bytes:
    return encode_png(cat)


def rendition(pixels: Pixels, output: Output = Output.PNG) -> Rendition:
    return Rendition(output, png(pixels), "image/png", pixels.shape[1], pixels.shape[0])


def png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_same_cutout_passes(cutout: Pixels, photo: bytes) -> None:
    assert compare(rendition(cutout), png(cutout), photo) == 0


def test_another_engines_rounding_passes_and_is_measured(cutout: Pixels, photo: bytes) -> None:
    other = cutout.copy()
    other[50:60, 100:300, 3] += 2
    assert 0 < compare(rendition(cutout), png(other), photo) < 0.001


def test_a_photo_that_was_not_cut_out_does_not_pass(cutout: Pixels, photo: bytes) -> None:
    whole = cutout.copy()
    whole[..., 3] = 255
    with pytest.raises(Difference, match="on average"):
        compare(rendition(cutout), png(whole), photo)


def test_a_hole_of_a_few_pixels_does_not_pass(cutout: Pixels, photo: bytes) -> None:
    holed = cutout.copy()
    holed[100:103, 150:153, 3] = 0
    with pytest.raises(Difference, match="at most"):
        compare(rendition(cutout), png(holed), photo)


def test_a_kept_pixel_that_changed_does_not_pass(cutout: Pixels, photo: bytes) -> None:
    tinted = cutout.copy()
    tinted[150, 200, 0] += 1
    with pytest.raises(Difference, match="the photo's own"):
        compare(rendition(cutout), png(tinted), photo)


def test_a_cutout_of_nothing_does_not_pass(cutout: Pixels, photo: bytes) -> None:
    empty = cutout.copy()
    empty[..., 3] = 0
    with pytest.raises(Difference, match="nothing of the photo"):
        compare(rendition(empty), png(empty), photo)


@pytest.mark.parametrize("crop", [np.s_[:, :-1], np.s_[..., :3], np.s_[..., 3]])
def test_another_size_or_mode_does_not_pass(cutout: Pixels, photo: bytes, crop: tuple[slice, ...]) -> None:
    with pytest.raises(Difference, match="not PNG RGBA"):
        compare(rendition(cutout), png(np.ascontiguousarray(cutout[crop])), photo)


def test_a_matte_of_its_own_is_compared_as_one(cutout: Pixels, photo: bytes) -> None:
    matte = np.ascontiguousarray(cutout[..., 3])
    assert compare(rendition(matte, Output.MASK), png(matte), photo) == 0
    with pytest.raises(Difference):
        compare(rendition(matte, Output.MASK), png(255 - matte), photo)
