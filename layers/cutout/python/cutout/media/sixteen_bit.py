"""Pixels of 10 to 16 bits, by OpenCV, because Pillow keeps 8 of them."""

from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageFile

from cutout.media.channels import Channels, from_grey, from_rgba, full
from cutout.media.codecs import unreadable
from cutout.media.picture import Samples
from cutout.media.tiff import TiffLayout


def is_sixteen_bit_png(image: ImageFile.ImageFile) -> bool:
    """Whether a PNG that isn't loaded yet has 16 bits per sample."""
    return str(image.tile[0].args).endswith(";16B")


def read_sixteen_bit_png(data: bytes, image: Image.Image) -> Channels:
    """HxWx3 uint16 and its transparency; not turned yet. `image`: the same PNG, opened by Pillow."""
    stored = _decode(data, "PNG")
    if stored.ndim == 3:
        return from_rgba(_to_rgba(stored)) if stored.shape[2] == 4 else Channels(_to_rgb(stored), None)
    colour = from_grey(stored).colour
    if "transparency" not in image.info:
        return Channels(colour, None)
    return Channels(colour, np.where(stored == image.info["transparency"], 0, full(stored)).astype(stored.dtype))


def read_sixteen_bit_tiff(data: bytes, layout: TiffLayout) -> Channels:
    """HxWx3 uint16 and its transparency, already turned upright by OpenCV. Values are those that the file stores."""
    stored = _decode(data, "TIFF")
    if stored.ndim == 2:
        return from_grey(cast("Samples", np.invert(stored)) if layout.white_is_zero else stored)
    if stored.shape[2] == 3 or not layout.has_alpha:
        return Channels(_to_rgb(stored), None)
    rgba = _to_rgba(stored)
    return from_rgba(unmultiplied(rgba) if layout.is_premultiplied else rgba)


def read_twelve_bit_tiff(image: Image.Image) -> Channels:
    """HxWx3 uint16 from packed 12-bit grey, stretched to the whole range; turned upright by Pillow."""
    twelve = np.asarray(image).astype(np.uint16)
    return from_grey(twelve * np.uint16(16) + twelve // np.uint16(256))


def bits_of_avif(data: bytes) -> int:
    """Bits per sample: 8, 10 or 12, by the first AV1 configuration (AV1 in ISOBMFF, 2.3.3: `high_bitdepth` and on)."""
    flags_at = data.find(b"av1C") + 6
    flags = data[flags_at] if 6 <= flags_at < len(data) else 0
    if not flags & 0x40:
        return 8
    return 12 if flags & 0x20 else 10


def read_deep_avif(data: bytes, bits: int) -> Channels:
    """HxWx3 uint16 and its transparency from 10 or 12 bits, stretched to the whole range; not turned yet."""
    stored = _decode(data, "AVIF", cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    stretched = cast("Samples", stored << np.uint16(16 - bits) | stored >> np.uint16(2 * bits - 16))
    if stored.ndim == 2:
        return from_grey(stretched)
    return from_rgba(_to_rgba(stretched)) if stored.shape[2] == 4 else Channels(_to_rgb(stretched), None)


def _decode(data: bytes, source_format: str, flags: int = cv2.IMREAD_UNCHANGED) -> Samples:
    stored = cast("Samples | None", cv2.imdecode(np.frombuffer(data, np.uint8), flags))
    if stored is None or stored.dtype != np.uint16:
        raise unreadable(source_format)
    return stored


def _to_rgb(stored: Samples) -> Samples:
    code = cv2.COLOR_BGRA2RGB if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cast("Samples", cv2.cvtColor(stored, code))


def _to_rgba(stored: Samples) -> Samples:
    return cast("Samples", cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA))


def unmultiplied(rgba: Samples) -> Samples:
    """Straight alpha from colours that were multiplied by it; rounded, in integers."""
    colour, alpha = rgba[..., :3].astype(np.uint32), rgba[..., 3:].astype(np.uint32)
    straight = (colour * full(rgba) + alpha // 2) // np.maximum(alpha, 1)
    return np.concatenate([np.minimum(straight, full(rgba)).astype(rgba.dtype), rgba[..., 3:]], axis=2)
