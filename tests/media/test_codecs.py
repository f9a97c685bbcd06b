"""A bomb must not take the function's memory, and one photo must not change how the process treats the next."""

import struct
import warnings
import zlib
from contextlib import suppress

import cv2
import pytest
from PIL import Image

from cutout.errors import InvalidOption, TooManyPixels, UnreadableImage
from cutout.limits import Limits
from cutout.media.codecs import damage_refused, open_header, quiet_codecs


def png_header(width: int, height: int) -> bytes:
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b""))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def webp_header(width: int, height: int) -> bytes:
    canvas = struct.pack("<I", 0) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    chunk = b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def gif_header(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x4c\1\0;"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + frame


@pytest.mark.parametrize(
    ("data", "source_format"),
    [
        (png_header(20000, 20000), "PNG"),
        (webp_header(16000, 16000), "WEBP"),
        (gif_header(60000, 60000), "GIF"),
    ],
)
def test_a_bomb_is_refused_by_its_header(data: bytes, source_format: str) -> None:
    limits = Limits(megapixels=1)
    with (
        pytest.raises(TooManyPixels, match=r"limit of 1 megapixels: upload a smaller version"),
        quiet_codecs(limits),
        damage_refused(source_format, limits),
    ):
        open_header(data, source_format, limits)


def test_the_limit_itself_is_allowed() -> None:
    limits = Limits(megapixels=1)
    with quiet_codecs(limits):
        assert open_header(png_header(1000, 1000), "PNG", limits).size == (1000, 1000)
        with pytest.raises(TooManyPixels, match="1001 x 1000 pixels"):
            open_header(png_header(1001, 1000), "PNG", limits)


def test_a_limit_above_pillows_own_is_honoured() -> None:
    limits = Limits(megapixels=500)
    with quiet_codecs(limits):
        assert open_header(gif_header(20000, 20000), "GIF", limits).size == (20000, 20000)


def test_the_process_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS, warnings.filters[:], cv2.utils.logging.getLogLevel()
    with suppress(ZeroDivisionError), quiet_codecs(Limits()):
        warnings.warn("from a codec", stacklevel=1)
        raise ZeroDivisionError
    assert (Image.MAX_IMAGE_PIXELS, warnings.filters[:], cv2.utils.logging.getLogLevel()) == before


@pytest.mark.parametrize("raised", [OSError("cut"), SyntaxError("bad"), ValueError("odd"), cv2.error("no")])
def test_whatever_a_codec_raises_becomes_one_refusal(raised: Exception) -> None:
    with (
        pytest.raises(UnreadableImage, match="The GIF file is damaged or cut short") as refused,
        damage_refused("GIF", Limits()),
    ):
        raise raised
    assert refused.value.__cause__ is raised


@pytest.mark.parametrize("raised", [MemoryError(), InvalidOption("no")])
def test_what_is_no_damage_passes_through(raised: Exception) -> None:
    with pytest.raises(type(raised)), damage_refused("GIF", Limits()):
        raise raised
