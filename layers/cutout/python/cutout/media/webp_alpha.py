"""The alpha plane of a lossy WebP, written beside its colours.

libwebp writes alpha after the colours and looks for its best filter by trying: of a cutout that takes twice as long as
the colours. Here it is filtered by its gradient, which suits a matte, while another thread is at the colours.
Source: the WebP container specification, "Alpha", and the WebP lossless bitstream specification.
"""

import io
import struct

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

_LOSSLESS_METHOD = 1
_COMPRESSED_AND_GRADIENT = bytes([1 | 3 << 2])
_RIFF_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_LOSSLESS_HEADER_BYTES = 5
"""The signature, width and height, which an alpha plane takes from its picture."""
_ROWS_AT_ONCE = 64


def alpha_plane(alpha: npt.NDArray[np.uint8]) -> bytes:
    """The content of an ALPH chunk for `alpha`, HxW."""
    file = io.BytesIO()
    grey = cv2.cvtColor(_unexplained_by_gradient(alpha), cv2.COLOR_GRAY2RGB)
    Image.fromarray(grey).save(file, "WEBP", lossless=True, quality=0, method=_LOSSLESS_METHOD)
    webp = file.getvalue()
    begin, end = _chunk(webp, b"VP8L")
    return _COMPRESSED_AND_GRADIENT + webp[begin + _LOSSLESS_HEADER_BYTES : end]


def with_alpha_plane(webp: bytes, plane: bytes) -> bytes:
    """`webp`, a file that has an alpha plane, with `plane` in place of that."""
    begin, end = _chunk(webp, b"ALPH")
    before = webp[_RIFF_HEADER_BYTES : begin - _CHUNK_HEADER_BYTES]
    chunk = b"ALPH" + struct.pack("<I", len(plane)) + plane + bytes(len(plane) % 2)
    body = b"".join((b"WEBP", before, chunk, webp[end + (end - begin) % 2 :]))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _unexplained_by_gradient(alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What is left of each value when left + above - above left is taken off; the first of a row has only above it, and
    the first row only left.
    """
    left = np.empty_like(alpha)
    left[:, 1:] = alpha[:, :-1]
    left[0, 0], left[1:, 0] = 0, alpha[:-1, 0]
    for top in range(1, len(alpha), _ROWS_AT_ONCE):
        rows = slice(top, min(top + _ROWS_AT_ONCE, len(alpha)))
        above = alpha[rows.start - 1 : rows.stop - 1].astype(np.int16)
        gradient = left[rows, 1:] + above[:, 1:] - above[:, :-1]
        left[rows, 1:] = np.clip(gradient, 0, 255)
    return alpha - left


def _chunk(webp: bytes, kind: bytes) -> tuple[int, int]:
    """Where the content of the first chunk of `kind` begins and ends. Raises ValueError where there is none."""
    begin = _RIFF_HEADER_BYTES
    while begin < len(webp):
        name, size = struct.unpack_from("<4sI", webp, begin)
        begin += _CHUNK_HEADER_BYTES
        if name == kind:
            return begin, begin + size
        begin += size + size % 2
    raise ValueError(f"the WebP has no {kind.decode()} chunk")
