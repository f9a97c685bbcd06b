"""Who uploads something that isn't a photo has to learn what it is and what would work."""

import struct

import pytest

from cutout.errors import UnsupportedFormat
from cutout.media.signature import recognise


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + bytes(32)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WEBP"),
        (b"II*\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (b"GIF89a", "GIF"),
        (b"BM", "BMP"),
        (ftyp(b"avif"), "AVIF"),
        (ftyp(b"mif1", b"miaf", b"avif"), "AVIF"),
        (ftyp(b"heic", b"mif1"), "HEIF"),
        (ftyp(b"mif1", b"heic"), "HEIF"),
    ],
)
def test_supported_formats_are_known_by_content(data: bytes, name: str) -> None:
    assert recognise(data) == name


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ftyp(b"isom", b"mp41"), "a video"),
        (ftyp(b"qt  "), "a video"),
        (b"\x1a\x45\xdf\xa3webm", "a video"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        ((b"G" + bytes(187)) * 3, "a video"),
        (b"%PDF-1.7", "a PDF document"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"<?xml version='1.0'?>\n<svg/>", "an SVG drawing"),
        ("Grüße aus Köln".encode() * 99, "text"),
        (bytes(range(256)), "of no kind that cutout knows"),
        (b"\xff", "of no kind|text"),
    ],
)
def test_everything_else_is_named_with_what_would_work(data: bytes, kind: str) -> None:
    with pytest.raises(UnsupportedFormat, match=f"{kind}.*Supported are JPEG, PNG") as refused:
        recognise(data)
    assert "upload it again" in str(refused.value)
