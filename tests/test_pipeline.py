"""If these fail, a photo comes back changed where it should be kept, or in another form than was asked for."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Floats, Pixels, as_depth
from cutout.choices import PHOTO_OUTPUTS
from cutout.errors import InvalidOption, NoSubject, Refusal, TooManyPixels, UnsupportedFormat
from cutout.limits import Limits
from cutout.media.colour import converted
from cutout.media.image import decode
from cutout.media.png import encode_png
from cutout.models import Model
from cutout.options import Options
from cutout.photo_outputs import Result
from cutout.pipeline import remove_background, render_again
from cutout.saliency.detector import Detector
from tests.conftest import PaintedEngine
from tests.media.profiles import ADOBE_RGB, DISPLAY_P3, PROPHOTO

RED = (250, 40, 30)
BLUE = (10, 20, 200)


def png(pixels: Pixels) -> bytes:
    return encode_png(pixels)


@pytest.fixture
def red_square() -> Pixels:
    """240 x 400, blue with a red square: the painted detector's subject."""
    photo = np.full((240, 400, 3), BLUE, np.uint8)
    photo[60:180, 100:220] = RED
    return photo


@pytest.fixture
def remove(painted_detector: Detector) -> Callable[..., Result]:
    def removed(content: bytes, read_file: Callable[[str], bytes] = lambda _: b"", **options: str) -> Result:
        return remove_background(content, Options().updated(options), painted_detector, Limits(), read_file)

    return removed


def opened(result: Result, number: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(result.renditions[number].content))


def test_the_subject_is_kept_bit_for_bit_and_the_rest_is_gone(
    remove: Callable[..., Result], red_square: Pixels
) -> None:
    rgba = np.asarray(opened(remove(png(red_square))))
    assert rgba.shape == (240, 400, 4)
    assert (rgba[65:175, 105:215, 3] == 255).all()
    np.testing.assert_array_equal(rgba[rgba[..., 3] == 255][:, :3], red_square[rgba[..., 3] == 255])
    assert not rgba[:50].any()


def test_a_real_photo_keeps_its_pixels_with_the_real_net(detectors: Callable[[Model], Detector], cat: Pixels) -> None:
    result = remove_background(png(cat), Options(), detectors(Model.U2NET), Limits(), lambda _: b"")
    rgba = np.asarray(opened(result))
    opaque = rgba[..., 3] == 255
    assert opaque.mean() > 0.4
    np.testing.assert_array_equal(rgba[opaque][:, :3], cat[opaque])
    assert 0.55 < result.verdict.subject_share < 0.7
    assert list(result.seconds) == ["decode", "saliency", "matte", "composite", "foreground", "encode"]


def test_sixteen_bits_stay_sixteen(remove: Callable[..., Result], red_square: Pixels) -> None:
    deep = red_square.astype(np.uint16) * 257 + 3
    result = remove(png(deep), outputs="png,mask")
    cutout, matte = (decode(rendition.content, Limits()) for rendition in result.renditions)
    assert cutout.alpha is not None
    assert (cutout.depth, matte.depth) == (16, 16)
    np.testing.assert_array_equal(cutout.alpha, matte.pixels[..., 0])
    np.testing.assert_array_equal(cutout.pixels[100, 160], deep[100, 160])


class SeeingEngine(PaintedEngine):
    """Remembers the one picture that it was shown."""

    def infer(self, batch: Pixels | Floats) -> Floats:
        (self.seen,) = batch
        return super().infer(batch)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("profile", [DISPLAY_P3, PROPHOTO, ADOBE_RGB])
def test_the_net_sees_srgb_and_the_pixels_stay_in_their_profile(profile: bytes, depth: int, red_square: Pixels) -> None:
    wide = converted(red_square, None, profile)
    stored = as_depth(wide, np.uint16 if depth == 16 else np.uint8)
    engine = SeeingEngine()
    photo = encode_png(stored, icc_profile=profile)
    result = remove_background(photo, Options(), Detector(engine), Limits(), lambda _: b"")
    assert np.abs(engine.seen[160, 128] - RED).max() <= 3
    assert np.abs(wide[120, 160].astype(int) - RED).max() > 10, "other figures stand for that colour in this profile"
    cutout = decode(result.renditions[0].content, Limits())
    assert cutout.icc_profile == profile
    np.testing.assert_array_equal(cutout.pixels[70:170, 110:210], stored[70:170, 110:210])


def test_a_background_has_its_own_colours_behind_a_photo_with_a_profile(red_square: Pixels) -> None:
    photo = encode_png(red_square, icc_profile=DISPLAY_P3)
    behind = np.full((8, 8, 3), (0, 128, 0), np.uint8)
    files = {"srgb.png": encode_png(behind), "wide.png": encode_png(behind, icc_profile=DISPLAY_P3)}
    for background, expected in [
        ("rgb(0, 128, 0)", converted(behind, None, DISPLAY_P3)[0, 0]),
        ("key:srgb.png", converted(behind, None, DISPLAY_P3)[0, 0]),
        ("key:wide.png", behind[0, 0]),
    ]:
        options = Options().updated({"background": background})
        result = remove_background(photo, options, Detector(PaintedEngine()), Limits(), files.__getitem__)
        np.testing.assert_array_equal(decode(result.renditions[0].content, Limits()).pixels[5, 5], expected)


@pytest.mark.parametrize(
    ("output", "file_format", "mode"),
    [
        ("png", "PNG", "RGBA"),
        ("webp", "WEBP", "RGBA"),
        ("webp-lossless", "WEBP", "RGBA"),
        ("jpg", "JPEG", "RGB"),
        ("avif", "AVIF", "RGBA"),
        ("mask", "PNG", "L"),
    ],
)
def test_each_output_is_what_it_is_called(
    remove: Callable[..., Result], red_square: Pixels, output: str, file_format: str, mode: str
) -> None:
    result = remove(png(red_square), outputs=output)
    image = opened(result)
    assert (image.format, image.mode, image.size) == (file_format, mode, (400, 240))
    assert (result.renditions[0].width, result.renditions[0].height) == (400, 240)
    assert result.renditions[0].content_type == f"image/{file_format.lower()}"


def test_all_outputs_come_from_one_pass(remove: Callable[..., Result], red_square: Pixels) -> None:
    result = remove(png(red_square), outputs=",".join(PHOTO_OUTPUTS))
    assert tuple(rendition.output for rendition in result.renditions) == PHOTO_OUTPUTS


def test_a_jpeg_without_a_background_is_white(remove: Callable[..., Result], red_square: Pixels) -> None:
    assert np.asarray(opened(remove(png(red_square), outputs="jpg")))[10, 10].tolist() == [255] * 3


def test_a_colour_lies_behind_the_subject(remove: Callable[..., Result], red_square: Pixels) -> None:
    image = opened(remove(png(red_square), background="#00ff00"))
    assert image.mode == "RGB"
    assert image.getpixel((5, 5)) == (0, 255, 0)
    assert image.getpixel((160, 120)) == RED


def test_the_photos_own_background_can_be_blurred(remove: Callable[..., Result], red_square: Pixels) -> None:
    red_square[::2, 250:] = 0
    blurred = np.asarray(opened(remove(png(red_square), background="blur:8"))).astype(int)
    assert np.abs(np.diff(blurred[20:220, 300:, 2], axis=0)).max() < 5
    assert tuple(blurred[120, 160]) == RED


def test_another_picture_lies_behind_the_subject(remove: Callable[..., Result], red_square: Pixels) -> None:
    green = np.full((10, 10, 3), (0, 128, 0), np.uint16) * np.uint16(257)
    asked_for = []

    def read_file(key: str) -> bytes:
        asked_for.append(key)
        return png(green)

    image = opened(remove(png(red_square), read_file, background="key:studio.png", outputs="png,jpg"))
    assert image.getpixel((5, 5)) == (0, 128, 0)
    assert asked_for == ["studio.png"]


def test_a_background_that_is_no_picture_is_refused(remove: Callable[..., Result], red_square: Pixels) -> None:
    with pytest.raises(UnsupportedFormat, match=r"background notes\.txt"):
        remove(png(red_square), lambda _: b"no picture", background="key:notes.txt")


@pytest.mark.parametrize("output", ["png", "mask", "jpg"])
def test_a_crop_holds_the_subject_and_its_margin(
    remove: Callable[..., Result], red_square: Pixels, output: str
) -> None:
    width, height = opened(remove(png(red_square), crop="subject:10%", outputs=output)).size
    assert abs(width - 144) <= 3
    assert abs(height - 144) <= 3


def test_transparency_that_was_there_is_not_filled(remove: Callable[..., Result], red_square: Pixels) -> None:
    alpha = np.full((*red_square.shape[:2], 1), 255, np.uint8)
    alpha[:, :150] = 0
    rgba = np.asarray(opened(remove(png(np.dstack([red_square, alpha])))))
    assert not rgba[:, :150].any()
    assert rgba[120, 180].tolist() == [*RED, 255]


def test_colours_at_an_edge_that_was_soft_already_stay_as_they_are(
    remove: Callable[..., Result], red_square: Pixels
) -> None:
    alpha = np.full((*red_square.shape[:2], 1), 255, np.uint8)
    alpha[100:110, 140:180] = 128
    rgba = np.asarray(opened(remove(png(np.dstack([red_square, alpha])))))
    assert (rgba[100:110, 140:180] == [*RED, 128]).all()


@pytest.mark.parametrize("crop", ["none", "subject:5%"])
def test_a_subject_too_small_to_be_left_in_the_picture_is_none(cat: Pixels, crop: str) -> None:
    class SpeckEngine:
        batch_size = 1

        def infer(self, batch: Floats) -> Floats:
            speck = np.zeros((len(batch), 320, 320), np.float32)
            speck[:, 1, 1] = 1
            return speck

    options = Options().updated({"crop": crop})
    with pytest.raises(NoSubject):
        remove_background(png(cat[:20, :20]), options, Detector(SpeckEngine()), Limits(), lambda _: b"")


def test_a_photo_whose_subject_was_transparent_already_has_none(
    remove: Callable[..., Result], red_square: Pixels
) -> None:
    alpha = np.zeros((*red_square.shape[:2], 1), np.uint8)
    alpha[:, 300:] = 255
    with pytest.raises(NoSubject):
        remove(png(np.dstack([red_square, alpha])), crop="subject:5%")


@pytest.mark.parametrize(("content", "expected"), [(b"text", UnsupportedFormat), (b"\x89PNG\r\n\x1a\n", Refusal)])
def test_what_is_no_photo_is_refused(remove: Callable[..., Result], content: bytes, expected: type[Refusal]) -> None:
    with pytest.raises(expected):
        remove(content)


def test_limits_hold(painted_detector: Detector, red_square: Pixels) -> None:
    with pytest.raises(TooManyPixels):
        remove_background(png(red_square), Options(), painted_detector, Limits(megapixels=0.09), lambda _: b"")


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 3)])
def test_the_smallest_photos_come_back_too(remove: Callable[..., Result], size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), RED, np.uint8)
    photo.reshape(-1, 3)[0] = BLUE if photo.size > 3 else RED
    assert opened(remove(png(photo))).size == size[::-1]


def with_alpha(pixels: Pixels) -> Pixels:
    """A soft hole, and a part that is half transparent."""
    alpha = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
    alpha[40:200, :150] //= 2
    alpha[90:110, 130:200] = (np.linspace(0, 1, 70)[:, None] * np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return np.dstack([pixels, alpha])


def test_fine_edges_are_those_of_the_photo(remove: Callable[..., Result]) -> None:
    photo = np.full((600, 1000, 3), BLUE, np.uint8)
    photo[151:449, 251:549] = RED
    truth = (photo == RED).all(axis=2)
    fast, fine = (np.asarray(opened(remove(png(photo), edges=edges, outputs="mask"))) for edges in ("fast", "fine"))
    before, after = (np.abs(matte / 255 - truth).mean() for matte in (fast, fine))
    assert after < 0.6 * before


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("transparent", [False, True])
def test_a_variant_from_the_stored_matte_is_what_the_net_would_lead_to(
    detectors: Callable[[Model], Detector], cat: Pixels, deep: bool, transparent: bool
) -> None:
    pixels = cat.astype(np.uint16) * 257 + np.arange(cat.shape[1], dtype=np.uint16)[:, None] if deep else cat
    photo = png(with_alpha(pixels) if transparent else pixels)
    files = {"behind.png": png(cat[::-1])}
    first = Options().updated({"model": "u2netp", "outputs": "mask"})
    matte = remove_background(photo, first, detectors(Model.U2NETP), Limits(), files.__getitem__)
    for wanted in (
        {"outputs": ",".join(PHOTO_OUTPUTS)},
        {"outputs": "png,mask", "crop": "subject:7%", "shadow": "soft", "background": "key:behind.png"},
    ):
        options = first.updated(wanted)
        again = render_again(photo, matte.renditions[0].content, options, Limits(), files.__getitem__)
        by_net = remove_background(photo, options, detectors(Model.U2NETP), Limits(), files.__getitem__)
        assert again.renditions == by_net.renditions
        assert "saliency" not in again.seconds


@pytest.mark.parametrize("kind", ["L", "RGBA", "I;16"])
def test_a_matte_that_a_user_drew_decides(red_square: Pixels, kind: str) -> None:
    drawn = np.zeros((240, 400), np.uint8)
    drawn[10:30, 10:50] = 255
    files = {
        "L": png(drawn),
        "RGBA": png(np.dstack([red_square, drawn])),
        "I;16": png(drawn.astype(np.uint16) * np.uint16(257)),
    }
    rgba = np.asarray(opened(render_again(png(red_square), files[kind], Options(), Limits(), lambda _: b"")))
    np.testing.assert_array_equal(rgba[..., 3], drawn)
    assert rgba[20, 20].tolist() == [*BLUE, 255]


@pytest.mark.parametrize(
    ("matte", "expected", "said"),
    [
        (np.full((240, 399), 255, np.uint8), InvalidOption, "399 x 240 pixels, and the photo, upright, 400 x 240"),
        (np.full((240, 400, 3), BLUE, np.uint8), InvalidOption, "in colour"),
        (np.zeros((240, 400), np.uint8), NoSubject, "No subject"),
    ],
)
def test_what_is_no_matte_of_the_photo_is_refused(
    red_square: Pixels, matte: Pixels, expected: type[Refusal], said: str
) -> None:
    with pytest.raises(expected, match=said):
        render_again(png(red_square), png(matte), Options(), Limits(), lambda _: b"")
