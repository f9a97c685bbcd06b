"""Who uploads 16 bits edits them later: losing the lower 8 shows as bands."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from cutout.errors import UnreadableImage
from cutout.limits import Limits
from cutout.media.image import decode
from cutout.media.picture import Picture


def png(rows: npt.NDArray[np.uint16], colour_type: int, *before_pixels: tuple[bytes, bytes]) -> bytes:
    """A 16-bit PNG that no library had a hand in."""
    height, width = rows.shape[:2]
    scanlines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *before_pixels, (b"IDAT", zlib.compress(scanlines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def decode_tiff(samples: npt.NDArray[Any], **options: Any) -> Picture:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    return decode(file.getvalue(), Limits())


def in_three(grey: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def test_rgb_png(texture: npt.NDArray[np.uint16]) -> None:
    picture = decode(png(texture[..., :3], 2), Limits())
    assert np.array_equal(picture.pixels, texture[..., :3])
    assert picture.alpha is None


def test_rgba_png(texture: npt.NDArray[np.uint16]) -> None:
    picture = decode(png(texture, 6), Limits())
    assert picture.alpha is not None
    assert np.array_equal(picture.pixels, texture[..., :3])
    assert np.array_equal(picture.alpha, texture[..., 3])


def test_grey_png_with_and_without_alpha(texture: npt.NDArray[np.uint16]) -> None:
    assert np.array_equal(decode(png(texture[..., 0], 0), Limits()).pixels, in_three(texture[..., 0]))
    with_alpha = decode(png(texture[..., :2], 4), Limits())
    assert with_alpha.alpha is not None
    assert np.array_equal(with_alpha.pixels, in_three(texture[..., 0]))
    assert np.array_equal(with_alpha.alpha, texture[..., 1])


@pytest.mark.parametrize("channels", [1, 3])
def test_one_transparent_colour_of_a_png(channels: int, texture: npt.NDArray[np.uint16]) -> None:
    key = texture[5, 7, :channels]
    rows = texture[..., 0] if channels == 1 else texture[..., :3]
    picture = decode(png(rows, 0 if channels == 1 else 2, (b"tRNS", key.astype(">u2").tobytes())), Limits())
    assert picture.alpha is not None
    assert picture.alpha[5, 7] == 0
    assert (picture.alpha == 65535).sum() == picture.alpha.size - 1


def test_a_png_is_turned_by_its_exif(texture: npt.NDArray[np.uint16]) -> None:
    orientation_6 = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    picture = decode(png(texture[..., :3], 2, (b"eXIf", orientation_6)), Limits())
    assert np.array_equal(picture.pixels, np.rot90(texture[..., :3], -1))


@pytest.mark.parametrize(
    "options", [{}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16)}, {"bigtiff": True}]
)
def test_rgb_tiff(options: dict[str, Any], texture: npt.NDArray[np.uint16]) -> None:
    picture = decode_tiff(texture[..., :3], photometric="rgb", **options)
    assert np.array_equal(picture.pixels, texture[..., :3])
    assert picture.alpha is None


def test_a_tiff_cut_short_is_refused(texture: npt.NDArray[np.uint16]) -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, texture[..., :3], photometric="rgb")
    with pytest.raises(UnreadableImage, match="The TIFF file is damaged or cut short"):
        decode(file.getvalue()[:-1000], Limits())


def test_rgba_tiff(texture: npt.NDArray[np.uint16]) -> None:
    picture = decode_tiff(texture, photometric="rgb", extrasamples=["unassalpha"])
    assert picture.alpha is not None
    assert np.array_equal(picture.pixels, texture[..., :3])
    assert np.array_equal(picture.alpha, texture[..., 3])


def test_a_fourth_channel_that_is_no_alpha_hides_nothing(texture: npt.NDArray[np.uint16]) -> None:
    assert decode_tiff(texture, photometric="rgb", extrasamples=["unspecified"]).alpha is None


def test_premultiplied_colours_are_not_darkened(texture: npt.NDArray[np.uint16]) -> None:
    alpha = texture[..., 3:].astype(np.uint64)
    premultiplied = (texture[..., :3] * alpha + 32767) // 65535
    stored = np.concatenate([premultiplied, alpha], axis=2).astype(np.uint16)
    picture = decode_tiff(stored, photometric="rgb", extrasamples=["assocalpha"])
    error = np.abs(picture.pixels.astype(np.int64) - texture[..., :3])
    # Half a step of rounding in the file is 65535 / alpha / 2 steps of colour.
    assert (error <= 1 + 32768 / np.maximum(alpha, 1)).all()


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_grey_tiff_keeps_its_values(byteorder: str, texture: npt.NDArray[np.uint16]) -> None:
    grey = texture[..., 0] // np.uint16(16)
    assert np.array_equal(decode_tiff(grey, photometric="minisblack", byteorder=byteorder).pixels, in_three(grey))


def test_a_grey_tiff_where_white_is_zero_is_no_negative(texture: npt.NDArray[np.uint16]) -> None:
    grey = texture[..., 0]
    assert np.array_equal(decode_tiff(grey, photometric="miniswhite").pixels, in_three(np.uint16(65535) - grey))


def test_twelve_bits_fill_the_whole_range() -> None:
    def entry(tag: int, value: int) -> bytes:
        return struct.pack("<HHII", tag, 4, 1, value)

    entries = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 3)]
    packed = b"\xff\xf0\x80"  # 0xfff, 0x080
    directory = struct.pack("<H", len(entries)) + b"".join(entry(*each) for each in entries) + bytes(4)
    picture = decode(b"II*\0" + struct.pack("<I", 12) + packed + b"\0" + directory, Limits())
    assert picture.pixels[0, :, 0].tolist() == [65535, 0x0800]


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [3, 4])
def test_deep_avif_keeps_its_steps_and_white_stays_white(bits: int, channels: int) -> None:
    full = 2**bits - 1
    ramp = np.linspace(0, full, 256).round().astype(np.uint8 if bits == 8 else np.uint16)
    stored = np.full((48, 256, channels), full, ramp.dtype)
    stored[..., :3] = ramp[:, np.newaxis]
    if channels == 4:
        stored[:, 200:, 3] = 0
    options = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100]
    _, data = cv2.imencode(".avif", stored, options)
    picture = decode(data.tobytes(), Limits())
    assert picture.depth == (8 if bits == 8 else 16)
    largest = np.iinfo(picture.pixels.dtype).max
    assert picture.pixels[24, 199].max() / largest == pytest.approx(199 / 255, abs=0.005)
    if channels == 3:
        assert picture.pixels[24, 255].tolist() == [largest] * 3
    else:
        assert picture.alpha is not None
        assert (picture.alpha[:, :199] == largest).all()
        assert not picture.alpha[:, 201:].any()
    if bits > 8:
        assert len(np.unique(picture.pixels[:, :200])) >= 195
        with pytest.raises(UnreadableImage):
            decode(data.tobytes()[:-50], Limits())
