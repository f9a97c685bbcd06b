"""HEIC, as phones record it, by libheif and libde265."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from cutout.media.channels import Channels, from_grey, from_rgba
from cutout.media.codecs import unreadable
from cutout.media.eight_bit import read_eight_bit
from cutout.media.picture import Samples
from cutout.media.sixteen_bit import unmultiplied

_WHOLE_BOXES = (b"meta", b"mdat")
_MISSING = bytes(64)


def read_heif(data: bytes, image: Image.Image) -> Channels:
    """HxWx3 uint8, or uint16 where the file has 10 or 12 bits, and its transparency; already turned by libheif.

    `image`: the same file, opened by Pillow. libheif refuses a stream that holds more pixels than its header says, but
    is content with one that ends too early, and leaves out what is missing.
    """
    if is_cut_short(data):
        raise unreadable("HEIF")
    from pi_heif import open_heif

    bits = image.info["bit_depth"]
    if bits <= 8:
        return read_eight_bit(image)
    file = open_heif(data, convert_hdr_to_8bit=False)
    stored = file[file.primary_index]
    samples = _stretched(np.asarray(stored), bits)
    if samples.ndim == 2:
        return from_grey(samples)
    if samples.shape[2] == 3:
        return Channels(samples, None)
    return from_rgba(unmultiplied(samples) if stored.premultiplied_alpha else samples)


def _stretched(samples: Samples, bits: int) -> Samples:
    """The whole range of 16 bits from samples whose lower bits are empty, so that white is white."""
    return samples | samples >> np.uint16(bits)


def is_cut_short(data: bytes) -> bool:
    """Whether the directory or the pixels go on behind the end of the file, or end in a tail of zeros."""
    boxes = list(_boxes(data))
    ends_with_pixels = bool(boxes) and boxes[-1][0] == b"mdat"
    return (ends_with_pixels and data.endswith(_MISSING)) or any(
        kind in _WHOLE_BOXES and end > len(data) for kind, end in boxes
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each box at the top of the file (ISO/IEC 14496-12, 4.2), until what is no box."""
    start = 0
    while start + 8 <= len(data):
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        end = start + size if size else len(data)
        if end < start + 8:
            return
        yield kind, end
        start = end
