"""Bytes from outside are read or refused; nothing else may come out of them."""

import io
from contextlib import suppress
from functools import cache

import numpy as np
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cutout.errors import CutoutError
from cutout.limits import Limits
from cutout.media.animation import decode_animation
from cutout.media.image import decode, encode_matte
from cutout.media.png import encode_png

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "TIFF deflated", "GIF", "BMP", "AVIF", "PNG 16", "PNG 16 grey", "TIFF 16"]
STARTS = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
    b"GIF89a",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
    b"RIFF\0\x01\0\0WEBPVP8X\x0a\0\0\0",
    b"\0\0\0\x14ftypavif\0\0\0\0avif",
    b"\0\0\0\x14ftypheic\0\0\0\0heic",
]


@cache
def sound(kind: str) -> bytes:
    """A small file with EXIF, resolution and texture."""
    noise = np.random.default_rng(1).integers(0, 65536, (24, 32, 3), dtype=np.uint16)
    noise[8:16] = 40000
    if kind == "PNG 16":
        return encode_png(noise, dpi=(300, 300), text={"Copyright": "Ada"})
    if kind == "PNG 16 grey":
        return encode_matte(noise[..., 0])
    file = io.BytesIO()
    if kind == "TIFF 16":
        tifffile.imwrite(file, noise, photometric="rgb", compression="zlib")
        return file.getvalue()
    exif = Image.Exif()
    exif[0x0112], exif[0x8298] = 6, b"Ada"
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF deflated" else {}
    Image.fromarray((noise >> 8).astype(np.uint8)).save(file, kind.split()[0], exif=exif, **options)
    return file.getvalue()


def check_read_or_refused(data: bytes) -> None:
    with suppress(CutoutError):
        picture = decode(data, Limits(megapixels=1))
        assert picture.width * picture.height <= 1_000_000
    with suppress(CutoutError):
        decode_animation(data, Limits(megapixels=1))


@settings(max_examples=1200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(FORMATS),
    keep=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=6),
    cut=st.booleans(),
)
def test_flipped_and_cut_files_never_raise_anything_else(
    kind: str, keep: float, flips: list[tuple[float, int]], cut: bool
) -> None:
    data = bytearray(sound(kind))
    for place, bit in flips:
        data[int(place * len(data))] ^= 1 << bit
    check_read_or_refused(bytes(data[: int(keep * len(data))] if cut else data))


@settings(max_examples=800, deadline=None, derandomize=True)
@given(kind=st.sampled_from(FORMATS), place=st.integers(0, 255), replacement=st.binary(min_size=1, max_size=8))
def test_overwritten_headers_never_raise_anything_else(kind: str, place: int, replacement: bytes) -> None:
    data = bytearray(sound(kind))
    start = place % len(data)
    data[start : start + len(replacement)] = replacement
    check_read_or_refused(bytes(data))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(min_size=1, max_size=600))
def test_any_bytes_at_all_never_raise_anything_else(data: bytes) -> None:
    check_read_or_refused(data)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=200))
def test_any_bytes_behind_the_start_of_a_file_never_raise_anything_else(start: bytes, rest: bytes) -> None:
    check_read_or_refused(start + rest)
