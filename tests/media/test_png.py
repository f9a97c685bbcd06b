"""The PNG is what users get: every bit has to be in it, for every decoder."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from isal import isal_zlib
from PIL import Image, ImageCms

from cutout.media import png
from cutout.media.png import encode_png

SIZES = [(1, 1), (1, 7), (9, 1), (2, 3), (37, 53), (700, 911)]


def made(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """Half noise, half flat: neither deflates like the other."""
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    pixels[shape[0] // 2 :] = 5
    return pixels


def by_opencv(data: bytes) -> npt.NDArray[Any]:
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    return np.asarray(stored if channels == 1 else stored[..., [2, 1, 0, 3][:channels]])


def by_pillow(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_bit_comes_back(size: tuple[int, int], dtype: Any, channels: int) -> None:
    pixels = made((*size, channels), dtype)
    data = encode_png(pixels)
    assert np.array_equal(by_opencv(data).reshape(pixels.shape), pixels)
    image = by_pillow(data)
    assert image.size == (size[1], size[0])
    if dtype == np.uint8 or channels == 1:
        assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    else:
        assert np.array_equal(np.asarray(image), pixels >> 8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_beside_the_pixels_writes_the_same_file_as_joined(size: tuple[int, int], dtype: Any) -> None:
    rgba = made((*size, 4), dtype)
    rgba[::2, ::3, 3] = 0
    joined = np.where(rgba[..., 3:] > 0, rgba, 0)
    assert encode_png(rgba[..., :3], alpha=rgba[..., 3]) == encode_png(joined)


def test_a_matte_needs_no_channel_axis() -> None:
    matte = made((31, 17), np.uint16)
    assert np.array_equal(by_opencv(encode_png(matte)), matte)


def test_strips_join_to_one_sound_zlib_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_STRIP_BYTES", 1000)
    data = encode_png(made((300, 50, 3), np.uint8))
    stream, start = b"", 8
    while start < len(data):
        (length,) = struct.unpack_from(">I", data, start)
        kind, body = data[start + 4 : start + 8], data[start + 8 : start + 8 + length]
        assert struct.unpack_from(">I", data, start + 8 + length) == (zlib.crc32(kind + body),)
        stream += body if kind == b"IDAT" else b""
        start += 12 + length
    inflater = zlib.decompressobj()
    assert len(inflater.decompress(stream)) == 300 * 151
    assert inflater.eof
    assert not inflater.unused_data


@pytest.mark.parametrize(("left", "right"), [(b"", b"a"), (b"abc", b""), (b"\xff" * 70000, b"\xfe" * 66000)])
def test_checksums_join_as_if_the_bytes_were_one(left: bytes, right: bytes) -> None:
    joined = png._joined_adler32(isal_zlib.adler32(left), isal_zlib.adler32(right), len(right))
    assert joined == zlib.adler32(left + right)


def test_profile_resolution_and_text_are_there_for_readers() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = {"Copyright": "© Zoë", "Title": "株式会社"}
    image = by_pillow(encode_png(made((4, 4, 3), np.uint8), icc_profile=profile, dpi=(300, 72), text=text))
    assert image.info["icc_profile"] == profile
    assert image.info["dpi"] == pytest.approx((300, 72), abs=0.02)
    assert {key: image.info[key] for key in text} == text


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((2, 2, 2), np.uint8), None),
        (np.zeros((2, 2, 3), np.float32), None),
        (np.zeros((0, 2, 3), np.uint8), None),
        (np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2), np.uint8)),
        (np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3), np.uint8)),
        (np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint16)),
    ],
)
def test_arrays_that_make_no_png_are_refused(pixels: npt.NDArray[Any], alpha: npt.NDArray[Any] | None) -> None:
    with pytest.raises(ValueError, match=r"\d|dtype"):
        encode_png(pixels, alpha=alpha)


def test_a_keyword_that_png_does_not_allow_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 79"):
        encode_png(np.zeros((1, 1), np.uint8), text={"": "x"})
