"""How a TIFF lays out its samples. TIFF is a family: this says which members are photos that we can read whole."""

import io
from dataclasses import dataclass

from PIL import TiffImagePlugin

from cutout.media.signature import unsupported

_SIZE = {TiffImagePlugin.IMAGEWIDTH, TiffImagePlugin.IMAGELENGTH}
_PLACE = {TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.TILEOFFSETS}
_WHITE_IS_ZERO = 0
_GREY_OR_RGB = frozenset({0, 1, 2})
_SEPARATE_PLANES = 2
_UNSIGNED = 1
_NEW_SUBFILE_TYPE = 254
_REDUCED_RESOLUTION = 1
_DNG_VERSION = 50706
_UNASSOCIATED_ALPHA = 2
_ASSOCIATED_ALPHA = 1
_BIGTIFF = 43


@dataclass(frozen=True)
class TiffLayout:
    """Tags of the first picture in the file. `bits` and `sample_format` are per channel."""

    photometric: int
    bits: tuple[int, ...]
    sample_format: tuple[int, ...]
    extra_samples: tuple[int, ...]
    planar: int
    is_camera_raw: bool

    @property
    def is_sixteen_bit(self) -> bool:
        """Grey or RGB in 16 bits, as opposed to ink in 16 bits, which becomes 8-bit sRGB."""
        return self.photometric in _GREY_OR_RGB and self.bits[0] == 16

    @property
    def is_twelve_bit(self) -> bool:
        return self.bits[0] == 12

    @property
    def white_is_zero(self) -> bool:
        return self.photometric == _WHITE_IS_ZERO

    @property
    def has_alpha(self) -> bool:
        return self.extra_samples[:1] in ((_UNASSOCIATED_ALPHA,), (_ASSOCIATED_ALPHA,))

    @property
    def is_premultiplied(self) -> bool:
        return self.extra_samples[:1] == (_ASSOCIATED_ALPHA,)


def read_layout(data: bytes) -> TiffLayout:
    """Layout of the first picture.

    Raises UnsupportedFormat for camera raw files (their first picture is a thumbnail), for samples that are
    no 1 to 16 bit unsigned integers, and for 16 bits in separate planes, which OpenCV reads wrong.
    Raises ValueError, or what Pillow raises, where tags are missing or damaged.
    """
    tags = _first_directory(data)
    if not _SIZE.issubset(tags) or _PLACE.isdisjoint(tags):
        raise ValueError(f"the first directory has only the tags {sorted(tags)}")
    layout = TiffLayout(
        photometric=tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, _WHITE_IS_ZERO),
        bits=tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)),
        sample_format=tags.get(TiffImagePlugin.SAMPLEFORMAT, (_UNSIGNED,)),
        extra_samples=tags.get(TiffImagePlugin.EXTRASAMPLES, ()),
        planar=tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1),
        is_camera_raw=_DNG_VERSION in tags or data[8:10] == b"CR" or _is_reduced(tags),
    )
    if layout.is_camera_raw:
        raise unsupported("The file is a camera raw file, or a TIFF that starts with a thumbnail")
    if set(layout.sample_format) != {_UNSIGNED} or max(layout.bits) > 16:
        raise unsupported(
            f"The TIFF has samples of {max(layout.bits)} bits, signed or floating point, not 8 or 16 bits"
        )
    if layout.is_sixteen_bit and layout.planar == _SEPARATE_PLANES and len(layout.bits) > 1:
        raise unsupported("The TIFF stores 16-bit channels in separate planes instead of interleaved")
    return layout


def _is_reduced(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    return bool(tags.get(_NEW_SUBFILE_TYPE, 0) & _REDUCED_RESOLUTION)


def _first_directory(data: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    header_bytes = 16 if _BIGTIFF in data[2:4] else 8
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:header_bytes])
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    return tags
