"""A photo goes in and comes out as its owner knows it: upright, in its colours, in its bits."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image, ImageCms, features

from cutout.arrays import Pixels
from cutout.errors import EmptyFile, TooManyBytes, TooManyPixels, UnreadableImage, UnsupportedFormat
from cutout.limits import Limits
from cutout.media.image import ImageFormat, decode, encode, encode_matte, pixels_from_header
from cutout.media.picture import Picture

Save = Callable[..., bytes]

# The lossy formats smear the borders of the quarters, so their middles are compared.
LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]
LOSSY: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {"quality": 95}),
    ("WEBP", {"quality": 95}),
    ("AVIF", {"quality": 95}),
    ("MPO", {"quality": 95}),
]
MIDDLES = np.ix_([12, 36], [20, 60])

assert features.check("avif")


@pytest.fixture(scope="module")
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def picture(texture: npt.NDArray[np.uint16], profile: bytes) -> Picture:
    return Picture(texture[..., :3].copy(), texture[..., 3].copy(), profile, (300.0, 150.0), "© Zoë", "TIFF")


def eight_bits(samples: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.round(samples / 257).astype(np.uint8)


def reopened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("file_format", "options"), LOSSLESS + LOSSY)
def test_every_format_is_turned_upright_once(
    orientation: int,
    file_format: str,
    options: dict[str, Any],
    unturned: dict[int, npt.NDArray[np.uint8]],
    quarters: npt.NDArray[np.uint8],
    save: Save,
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    if file_format == "MPO":
        options = {**options, "save_all": True, "append_images": [Image.new("RGB", (8, 8))]}
    pixels = decode(save(unturned[orientation], file_format, exif=exif, **options), Limits()).pixels
    assert pixels.shape == quarters.shape
    assert np.abs(pixels[MIDDLES].astype(int) - quarters[MIDDLES]).max() <= 12
    if (file_format, options) in LOSSLESS:
        assert np.array_equal(pixels, quarters)


@pytest.mark.parametrize(
    "xmp",
    [b'<x tiff:Orientation="3"/>', b"<x><tiff:Orientation>3</tiff:Orientation></x>"],
    ids=["attribute", "element"],
)
def test_an_orientation_that_only_xmp_knows_counts(
    xmp: bytes, unturned: dict[int, npt.NDArray[np.uint8]], quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    data = save(unturned[3], "WEBP", lossless=True, xmp=xmp)
    assert np.array_equal(decode(data, Limits()).pixels, quarters)


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "WEBP", "AVIF", "TIFF"])
def test_of_a_moving_picture_the_first_frame_is_taken(
    file_format: str, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    second = Image.new("RGB", (80, 48), (9, 9, 9))
    data = save(quarters, file_format, save_all=True, append_images=[second])
    pixels = decode(data, Limits()).pixels
    assert np.abs(pixels[MIDDLES].astype(int) - quarters[MIDDLES]).max() <= 20


def test_a_profile_of_inks_does_not_stay_with_pixels_that_are_rgb(profile: bytes, save: Save) -> None:
    data = save(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", icc_profile=profile)
    assert decode(data, Limits()).icc_profile is None


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_a_profile_of_rgb_stays_with_the_pixels(
    file_format: str, profile: bytes, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    assert decode(save(quarters, file_format, icc_profile=profile), Limits()).icc_profile == profile


def test_nothing_private_is_kept(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "SecretPlace"
    picture = decode(save(quarters, "JPEG", exif=exif), Limits())
    for image_format in ImageFormat:
        assert b"Secret" not in encode(picture, image_format)


def test_a_notice_behind_the_pixels_of_a_png_is_read(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    data = save(quarters, "PNG", exif=exif)
    end_chunk_bytes = 12
    text = b"tEXtCopyright\0Ada"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert decode(data[:-end_chunk_bytes] + chunk + data[-end_chunk_bytes:], Limits()).copyright == "Ada"


def test_limits_are_told_with_their_figures(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    data = save(quarters, "PNG")
    with pytest.raises(EmptyFile):
        decode(b"", Limits())
    with pytest.raises(TooManyBytes, match=r"limit of 5e-05 MB"):
        decode(data, Limits(megabytes=0.00005))
    with pytest.raises(TooManyPixels, match=r"80 x 48 pixels, above the limit of 0.001 megapixels"):
        decode(data, Limits(megapixels=0.001))
    with pytest.raises(UnsupportedFormat, match="The file is text"):
        decode(b"Dear photo service,", Limits())


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "TIFF deflated", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_file_cut_short_is_refused(
    file_format: str, share: float, texture: npt.NDArray[np.uint16], save: Save
) -> None:
    options = {"compression": "tiff_adobe_deflate"} if "deflated" in file_format else {}
    file_format = file_format.split()[0]
    data = save(eight_bits(texture[..., :3]), file_format, **options)
    with pytest.raises(UnreadableImage, match=f"The {file_format} file is damaged or cut short"):
        decode(data[: int(len(data) * share)], Limits())


def test_png_keeps_every_bit_and_fact(picture: Picture) -> None:
    data = encode(picture, ImageFormat.PNG)
    again = decode(data, Limits())
    assert again.alpha is not None
    assert picture.alpha is not None
    assert np.array_equal(again.pixels, picture.pixels)
    assert np.array_equal(again.alpha, picture.alpha)
    assert (again.icc_profile, again.copyright) == (picture.icc_profile, picture.copyright)
    assert again.dpi == pytest.approx(picture.dpi, abs=0.02)


def test_webp_keeps_alpha_and_facts(picture: Picture) -> None:
    flat = replace(picture, pixels=np.full_like(picture.pixels, 30000))
    again = decode(encode(flat, ImageFormat.WEBP), Limits())
    assert again.alpha is not None
    assert np.array_equal(again.alpha, eight_bits(picture.alpha))  # type: ignore[arg-type]
    assert np.abs(again.pixels[again.alpha > 0].astype(int) - 117).max() <= 2
    assert (again.icc_profile, again.dpi, again.copyright) == (picture.icc_profile, picture.dpi, picture.copyright)


@pytest.mark.parametrize("image_format", [ImageFormat.WEBP_LOSSLESS, ImageFormat.AVIF])
def test_other_formats_with_alpha_keep_it_bit_for_bit_and_all_facts(
    image_format: ImageFormat, picture: Picture
) -> None:
    again = decode(encode(picture, image_format), Limits())
    assert again.alpha is not None
    assert np.array_equal(again.alpha, eight_bits(picture.alpha))  # type: ignore[arg-type]
    assert (again.icc_profile, again.dpi, again.copyright) == (picture.icc_profile, picture.dpi, picture.copyright)


def test_lossless_webp_keeps_every_pixel_that_shows(picture: Picture) -> None:
    eight = replace(picture, pixels=eight_bits(picture.pixels), alpha=eight_bits(picture.alpha))  # type: ignore[arg-type]
    again = decode(encode(eight, ImageFormat.WEBP_LOSSLESS), Limits())
    assert again.alpha is not None
    assert np.array_equal(again.pixels[again.alpha > 0], eight.pixels[again.alpha > 0])


def test_avif_keeps_fine_colour(cat: Pixels) -> None:
    photo = Picture(cat, None, None, None, None, "PNG")
    again = decode(encode(photo, ImageFormat.AVIF), Limits())
    assert np.abs(again.pixels.astype(int) - cat).mean() < 2.5


def test_jpeg_keeps_fine_colour_and_facts(picture: Picture) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2, 0] = 255
    stripes[:, 1::2, 2] = 255
    data = encode(replace(picture, pixels=stripes, alpha=None), ImageFormat.JPEG)
    again = decode(data, Limits())
    assert np.abs(again.pixels.astype(int) - stripes).max() < 40, "chroma was subsampled"
    assert (again.icc_profile, again.dpi, again.copyright) == (picture.icc_profile, picture.dpi, picture.copyright)


def test_sixteen_bits_are_rounded_not_cut() -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = Picture(np.repeat(ramp[..., np.newaxis], 3, axis=2), ramp, None, None, None, "PNG")
    alpha = reopened(encode(picture, ImageFormat.WEBP)).getchannel("A")
    assert np.array_equal(np.asarray(alpha), eight_bits(ramp))


def test_jpeg_refuses_alpha(picture: Picture) -> None:
    with pytest.raises(ValueError, match="compose"):
        encode(picture, ImageFormat.JPEG)


@pytest.mark.parametrize(
    ("image_format", "side"),
    [
        (ImageFormat.WEBP, 16383),
        (ImageFormat.WEBP_LOSSLESS, 16383),
        (ImageFormat.JPEG, 65500),
        (ImageFormat.AVIF, 32768),
    ],
)
def test_a_side_too_long_for_the_format_is_refused_by_name(image_format: ImageFormat, side: int) -> None:
    def strip(width: int) -> Picture:
        return Picture(np.zeros((1, width, 3), np.uint8), None, None, None, None, "PNG")

    assert reopened(encode(strip(side), image_format)).width == side
    with pytest.raises(TooManyPixels, match=f"{side + 1} x 1 pixels, but {image_format.value} holds at most {side}"):
        encode(strip(side + 1), image_format)


@pytest.mark.parametrize("shift", [0, 8])
def test_a_matte_is_grey_with_every_bit(shift: int, texture: npt.NDArray[np.uint16]) -> None:
    matte: npt.NDArray[Any] = texture[..., 0] if shift == 0 else (texture[..., 0] >> shift).astype(np.uint8)
    image = reopened(encode_matte(matte, dpi=(72, 72), copyright_notice="Ada"))
    assert np.array_equal(np.asarray(image), matte)
    assert image.info["Copyright"] == "Ada"
    with pytest.raises(ValueError, match="HxW"):
        encode_matte(texture)


@pytest.mark.parametrize("image_format", ImageFormat)
def test_the_content_type_says_what_the_bytes_are(image_format: ImageFormat, picture: Picture) -> None:
    image = reopened(encode(replace(picture, alpha=None), image_format))
    assert Image.MIME[str(image.format)] == image_format.content_type


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "AVIF", "BMP"])
def test_the_size_is_known_before_there_are_pixels(file_format: str, save: Save) -> None:
    data = save(Image.new("RGB", (40, 30)), file_format)
    assert pixels_from_header(data, Limits()) == 1200
    with pytest.raises(TooManyPixels):
        pixels_from_header(data, Limits(megapixels=0.001))
    with pytest.raises(EmptyFile):
        pixels_from_header(b"", Limits())
