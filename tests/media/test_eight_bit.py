"""Whatever way a file keeps its 8 bits, the user sees the same colours as in any viewer."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
from PIL import Image, JpegImagePlugin

from cutout.errors import UnreadableImage
from cutout.limits import Limits
from cutout.media.channels import Channels
from cutout.media.eight_bit import read_eight_bit, read_jpeg
from cutout.media.image import decode

Save = Callable[..., bytes]


def read_jpeg_bytes(data: bytes) -> Channels:
    return read_jpeg(data, JpegImagePlugin.jpeg_factory(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("mode", "colour", "rgb", "alpha"),
    [
        ("1", 1, (255, 255, 255), None),
        ("L", 77, (77, 77, 77), None),
        ("LA", (77, 9), (77, 77, 77), 9),
        ("RGB", (1, 2, 3), (1, 2, 3), None),
        ("RGBA", (1, 2, 3, 4), (1, 2, 3, 4)[:3], 4),
        ("RGBA", (1, 2, 3, 255), (1, 2, 3), None),
        ("La", (64, 128), (127, 127, 127), 128),
        ("CMYK", (255, 0, 0, 0), (0, 255, 255), None),
        ("YCbCr", (128, 128, 128), (128, 128, 128), None),
    ],
)
def test_every_mode_becomes_rgb(
    mode: str, colour: float | tuple[int, ...], rgb: tuple[int, ...], alpha: int | None
) -> None:
    channels = read_eight_bit(Image.new(mode, (3, 2), colour))
    assert channels.colour.shape == (2, 3, 3)
    assert tuple(channels.colour[0, 0]) == rgb
    assert (channels.alpha is None) == (alpha is None)
    assert channels.alpha is None or (channels.alpha == alpha).all()


def test_a_transparent_palette_entry_is_transparency() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    channels = read_eight_bit(image)
    assert channels.alpha is not None
    assert channels.colour.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert channels.alpha.tolist() == [[255, 0]]


@pytest.mark.parametrize(("bits", "samples"), [(2, 0b00_01_10_11), (4, 0b0001_0010)])
def test_a_transparent_grey_of_a_png_is_in_its_own_bits(bits: int, samples: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 8 // bits, 1, bits, 0, 0, 0, 0)
    pixels = zlib.compress(bytes([0, samples]))
    data = chunk(b"IHDR", header) + chunk(b"tRNS", b"\0\1") + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    alpha = decode(b"\x89PNG\r\n\x1a\n" + data, Limits()).alpha
    assert alpha is not None
    assert np.flatnonzero(alpha == 0).tolist() == [1 if bits == 2 else 0]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_has_the_pixels_that_pillow_gives(
    progressive: bool, subsampling: int, mode: str, texture: npt.NDArray[np.uint16], save: Save
) -> None:
    image = Image.fromarray((texture[..., :3] >> 8).astype(np.uint8)).resize((333, 217)).convert(mode)
    data = save(image, "JPEG", quality=80, subsampling=subsampling, progressive=progressive)
    with Image.open(io.BytesIO(data)) as expected:
        assert np.array_equal(read_jpeg_bytes(data).colour, np.asarray(expected.convert("RGB")))


def test_a_jpeg_that_decoders_warn_of_has_the_pixels_that_pillow_gives(
    texture: npt.NDArray[np.uint16], save: Save
) -> None:
    """Cameras and editors write such files, and every viewer shows them."""
    image = Image.fromarray((texture[..., :3] >> 8).astype(np.uint8)).resize((333, 217))
    data = save(image, "JPEG", quality=80)
    scan = data.index(b"\xff\xda")
    flawed = data[:scan] + bytes(5) + data[scan:]
    with pytest.raises(ValueError, match="extraneous"):
        simplejpeg.decode_jpeg(flawed, "RGB")
    with Image.open(io.BytesIO(flawed)) as expected:
        assert np.array_equal(read_jpeg_bytes(flawed).colour, np.asarray(expected.convert("RGB")))


@pytest.mark.parametrize("tail", [bytes(100), b"video" + bytes(100), b"video"])
@pytest.mark.parametrize("progressive", [False, True])
def test_bytes_behind_the_end_of_a_jpeg_do_no_harm(
    tail: bytes, progressive: bool, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    data = save(quarters, "JPEG", progressive=progressive)
    assert np.array_equal(read_jpeg_bytes(data + tail).colour, read_jpeg_bytes(data).colour)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.98])
@pytest.mark.parametrize("end", [b"", bytes(64)], ids=["cut", "zeros"])
def test_a_jpeg_cut_short_is_never_read_in_part(
    progressive: bool, share: float, end: bytes, texture: npt.NDArray[np.uint16], save: Save
) -> None:
    noisy = Image.fromarray((texture[..., :3] >> 8).astype(np.uint8)).resize((320, 320))
    data = save(noisy, "JPEG", quality=90, progressive=progressive)
    with pytest.raises((OSError, UnreadableImage)):
        read_jpeg_bytes(data[: int(len(data) * share)] + end)


@pytest.mark.parametrize("end", [b"\xff\xd9", bytes(10**6)], ids=["end marker", "zeros"])
def test_filling_up_does_not_make_half_a_jpeg_whole(end: bytes, texture: npt.NDArray[np.uint16], save: Save) -> None:
    noisy = Image.fromarray((texture[..., :3] >> 8).astype(np.uint8)).resize((320, 320))
    data = save(noisy, "JPEG", quality=90)
    with pytest.raises(UnreadableImage):
        read_jpeg_bytes(data[: len(data) // 2] + end)


@pytest.mark.parametrize("size", [(8, 8), (33, 17), (1000, 40)])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_really_is_grey_is_read(size: tuple[int, int], progressive: bool, save: Save) -> None:
    data = save(Image.new("RGB", size, (128, 128, 128)), "JPEG", progressive=progressive)
    assert (read_jpeg_bytes(data).colour == 128).all()
