"""A PNG writer for large cutouts: 8 and 16 bits, profile and transparency, strips deflated side by side.

Libraries give either 16-bit RGBA or a profile, on one thread. Here the rows are cut into strips. Each strip is
filtered with Up, deflated on its own by ISA-L, and flushed to a whole byte, so that the strips join to one zlib stream
(PNG third edition; RFC 1950 and 1951).
"""

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from cutout.media.channels import to_rgba
from cutout.media.picture import Samples, check_samples

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_UP = 2
_STRIP_BYTES = 1 << 20
_ZLIB_HEADER = b"\x78\x01"
_RAW_DEFLATE = -15
_FASTEST = 1
_ADLER_MODULUS = 65521
_METRES_PER_INCH = 0.0254


def encode_png(
    pixels: Samples,
    *,
    alpha: Samples | None = None,
    icc_profile: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    text: Mapping[str, str] | None = None,
) -> bytes:
    """A PNG file, bit for bit what the arrays hold.

    `pixels`: HxW or HxWx1 grey, HxWx3 RGB or HxWx4 RGBA with straight alpha, uint8 or uint16.
    `alpha`: HxW of the same dtype, to write beside HxWx3 pixels without joining the two in memory first. Where it is
    zero, zeros are written for the colour.
    `text`: keywords of 1 to 79 Latin-1 characters and their texts. Raises ValueError where shapes don't fit.
    """
    scanlines = _Scanlines(pixels if pixels.ndim == 3 else pixels[..., np.newaxis], alpha)
    bounds = scanlines.strip_bounds()
    with ThreadPoolExecutor(max_workers=min(len(bounds), os.cpu_count() or 1)) as threads:
        strips = list(threads.map(lambda bound: _deflate(scanlines, *bound), bounds))
    parts = [_SIGNATURE, _chunk(b"IHDR", scanlines.header()), *_ancillary_chunks(icc_profile, dpi, text or {})]
    parts += _data_chunks(strips)
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


@dataclass(frozen=True, eq=False)
class _Scanlines:
    """Rows as PNG stores them: channels interleaved, most significant byte first."""

    pixels: Samples
    alpha: Samples | None

    def __post_init__(self) -> None:
        check_samples(self.pixels)
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in _COLOUR_TYPES:
            raise ValueError(f"pixels are HxW or HxWxC with C of 1, 3 or 4, not {self.pixels.shape}")
        if self.alpha is None:
            return
        if self.pixels.shape[2] != 3 or self.alpha.shape != self.pixels.shape[:2]:
            raise ValueError(f"alpha is HxW beside HxWx3 pixels, not {self.alpha.shape} beside {self.pixels.shape}")
        if self.alpha.dtype != self.pixels.dtype:
            raise ValueError(f"alpha is {self.pixels.dtype} like the pixels, not {self.alpha.dtype}")

    @property
    def channels(self) -> int:
        return 4 if self.alpha is not None else int(self.pixels.shape[2])

    @property
    def row_bytes(self) -> int:
        return int(self.pixels.shape[1]) * self.channels * self.pixels.itemsize

    def header(self) -> bytes:
        height, width, _ = self.pixels.shape
        return struct.pack(">IIBBBBB", width, height, self.pixels.itemsize * 8, _COLOUR_TYPES[self.channels], 0, 0, 0)

    def strip_bounds(self) -> list[tuple[int, int]]:
        """First row and row after the last, for each strip."""
        height = self.pixels.shape[0]
        return list(pairwise([*range(0, height, max(1, _STRIP_BYTES // self.row_bytes)), height]))

    def filtered(self, first: int, end: int) -> npt.NDArray[np.uint8]:
        """Rows `first` to `end`, each behind the number of its filter; differences to the row above, wherever it is."""
        above = max(first - 1, 0)
        rows = self._interleaved(above, end)
        strip = np.empty((end - first, 1 + self.row_bytes), np.uint8)
        strip[:, 0] = _UP
        if first == 0:
            strip[0, 1:] = rows[0]
        np.subtract(rows[1:], rows[:-1], out=strip[1 if first == 0 else 0 :, 1:])
        return strip

    def _interleaved(self, first: int, end: int) -> npt.NDArray[np.uint8]:
        rows = self.pixels[first:end]
        rows = np.ascontiguousarray(rows) if self.alpha is None else to_rgba(rows, self.alpha[first:end])
        if rows.itemsize == 2:
            rows = rows.astype(">u2")
        return rows.reshape(end - first, self.row_bytes // rows.itemsize).view(np.uint8)


@dataclass(frozen=True)
class _Strip:
    deflated: bytes
    adler32: int
    filtered_bytes: int


def _deflate(scanlines: _Scanlines, first: int, end: int) -> _Strip:
    filtered = scanlines.filtered(first, end)
    deflater = isal_zlib.compressobj(_FASTEST, isal_zlib.DEFLATED, _RAW_DEFLATE)
    is_last = end == scanlines.pixels.shape[0]
    flush = isal_zlib.Z_FINISH if is_last else isal_zlib.Z_FULL_FLUSH
    deflated = deflater.compress(filtered) + deflater.flush(flush)
    return _Strip(deflated, isal_zlib.adler32(filtered), filtered.nbytes)


def _data_chunks(strips: list[_Strip]) -> Iterator[bytes]:
    """One IDAT chunk a strip: together a single zlib stream."""
    adler = 1
    for strip in strips:
        adler = _joined_adler32(adler, strip.adler32, strip.filtered_bytes)
    first_index, last_index = 0, len(strips) - 1
    for index, strip in enumerate(strips):
        header = _ZLIB_HEADER if index == first_index else b""
        trailer = struct.pack(">I", adler) if index == last_index else b""
        yield _chunk(b"IDAT", header + strip.deflated + trailer)


def _joined_adler32(left: int, right: int, right_bytes: int) -> int:
    """Adler-32 of two byte strings in a row, from the Adler-32 of each (RFC 1950, 8.2)."""
    left_low, left_high = left & 0xFFFF, left >> 16
    low = (left_low + (right & 0xFFFF) - 1) % _ADLER_MODULUS
    high = (left_high + (right >> 16) + right_bytes * (left_low - 1)) % _ADLER_MODULUS
    return high << 16 | low


def _ancillary_chunks(
    icc_profile: bytes | None, dpi: tuple[float, float] | None, text: Mapping[str, str]
) -> Iterator[bytes]:
    if icc_profile is not None:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))
    if dpi is not None:
        yield _chunk(b"pHYs", struct.pack(">IIB", *(round(value / _METRES_PER_INCH) for value in dpi), 1))
    for keyword, value in text.items():
        yield _text_chunk(keyword.encode("latin-1"), value)


def _text_chunk(keyword: bytes, value: str) -> bytes:
    if not 1 <= len(keyword) <= 79:
        raise ValueError(f"a PNG keyword has 1 to 79 characters, not {len(keyword)}")
    try:
        return _chunk(b"tEXt", keyword + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", keyword + b"\0\0\0\0\0" + value.encode("utf-8"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join(
        (struct.pack(">I", len(body)), kind, body, struct.pack(">I", isal_zlib.crc32(body, isal_zlib.crc32(kind))))
    )
