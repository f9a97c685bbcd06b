"""The facts that outlive decoding: which way up, how large on paper, whose. All other EXIF stays behind."""

import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from html import unescape

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from cutout.media.orientation import SIDEWAYS, UPRIGHT
from cutout.media.picture import is_resolution

_UNREADABLE_EXIF = (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, OSError, struct.error)

_LONGEST_NOTICE_CHARACTERS = 2000
_RIGHTS = re.compile(rb"<dc:rights>.{0,200}?<rdf:li[^>]{0,200}>([^<]{1,8000})</rdf:li>", re.DOTALL)
_IPTC_NOTICE = (2, 116)
_INCHES, _CENTIMETRES = 2, 3
_CENTIMETRES_PER_INCH = 2.54


@dataclass(frozen=True)
class Metadata:
    """`orientation`: 1 to 8, as stored. `dpi`: of the upright picture, horizontal and vertical."""

    orientation: int
    dpi: tuple[float, float] | None
    copyright: str | None


def read_metadata(image: Image.Image) -> Metadata:
    """Metadata of an opened picture.

    An orientation outside 1 to 8 counts as upright, a resolution outside 1 to 65535 dpi as none,
    and of a notice the first 2000 characters are kept.
    """
    orientation = _exif_value(image, ExifTags.Base.Orientation)
    if not isinstance(orientation, int) or not 1 <= orientation <= 8:
        orientation = UPRIGHT
    return Metadata(orientation, _dpi(image, orientation), _copyright(image))


def _exif_value(image: Image.Image, tag: int) -> object:
    """One EXIF value, or None. A block that can't be read counts as absent: viewers show such a picture as well."""
    try:
        return image.getexif().get(tag)
    except _UNREADABLE_EXIF:
        return None


def _dpi(image: Image.Image, orientation: int) -> tuple[float, float] | None:
    try:
        horizontal, vertical = (float(value) for value in image.info.get("dpi") or _exif_resolution(image))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    dpi = (vertical, horizontal) if orientation in SIDEWAYS else (horizontal, vertical)
    return dpi if is_resolution(dpi) else None


def _exif_resolution(image: Image.Image) -> tuple[float, ...]:
    """In dots per inch, as stored; empty without one. Pillow itself reads it of JPEG and TIFF alone."""
    tags = (ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit)
    horizontal, vertical, unit = (_exif_value(image, tag) for tag in tags)
    if unit not in (_INCHES, _CENTIMETRES):
        return ()
    per_unit = _CENTIMETRES_PER_INCH if unit == _CENTIMETRES else 1
    return float(horizontal) * per_unit, float(vertical) * per_unit  # type: ignore[arg-type]


def _copyright(image: Image.Image) -> str | None:
    candidates = (
        _exif_value(image, ExifTags.Base.Copyright),
        image.info.get("Copyright"),
        _xmp_rights(image),
        _iptc_notice(image),
        _exif_value(image, ExifTags.Base.Artist),
        image.info.get("Author"),
    )
    notices = (_readable(value) for value in candidates if isinstance(value, str))
    return next((notice[:_LONGEST_NOTICE_CHARACTERS] for notice in notices if notice), None)


def _xmp_rights(image: Image.Image) -> str | None:
    """The first text of dc:rights (XMP part 1, 8.3), which editors write beside EXIF or in its place."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    found = _RIGHTS.search(xmp.encode() if isinstance(xmp, str) else xmp)
    return unescape(found[1].decode("utf-8", errors="replace")) if found else None


def _iptc_notice(image: Image.Image) -> str | None:
    """Data set 2:116 of IPTC-IIM, where press agencies have it."""
    if not isinstance(image, ImageFile.ImageFile):
        return None
    try:
        notice = (IptcImagePlugin.getiptcinfo(image) or {}).get(_IPTC_NOTICE)
    except _UNREADABLE_EXIF:
        return None
    return notice.decode("latin-1") if isinstance(notice, bytes) else None


def _readable(value: str) -> str:
    """EXIF has no encoding: Pillow reads Latin-1, cameras and editors write UTF-8. NUL parts two holders of rights."""
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    return ", ".join(part.strip() for part in value.split("\0") if part.strip())
