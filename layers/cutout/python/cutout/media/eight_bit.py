"""Pixels of 8 bits and fewer, by Pillow, and where others give the same pixels faster, by them."""

import io
from typing import cast

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageFile, JpegImagePlugin

from cutout.media.channels import Channels, from_rgba
from cutout.media.codecs import unreadable
from cutout.media.colour import OTHER_THAN_RGB, to_srgb
from cutout.media.picture import Samples

_GREY_STEPS = {"L;2": 85, "L;4": 17}
_END_OF_IMAGE = b"\xff\xd9"
_JPEG_BLOCK_PIXELS = 8
_FILL_OF_MISSING_BLOCKS = 128
_PADDING = bytes(64)


def read_eight_bit(image: Image.Image) -> Channels:
    """HxWx3 uint8 and its transparency from any mode that Pillow holds in 8 bits or fewer. Ink becomes sRGB."""
    image.load()
    if image.mode in OTHER_THAN_RGB:
        image = to_srgb(image)
    if image.has_transparency_data:
        straight = image.convert("LA") if image.mode == "La" else image
        return from_rgba(np.asarray(straight.convert("RGBA")))
    return Channels(np.asarray(image.convert("RGB")), None)


def read_jpeg(data: bytes, image: Image.Image) -> Channels:
    """HxWx3 uint8 from the JPEG `data` that Pillow opened as `image`; not turned yet.

    All decoders here are of the same library, and give the same pixels.
    """
    if image.mode in OTHER_THAN_RGB:
        return read_eight_bit(image)
    colour = _decoded_if_clean(data)
    if colour is None:
        colour = _decoded_with_flaws(data)
    if colour.shape[:2] != (image.height, image.width):
        raise unreadable("JPEG")
    if (_seems_filled(colour) or data.endswith(_PADDING)) and not image.info.get("progressive"):
        _check_blocks_to_the_end(data)
    return Channels(colour, None)


def scale_grey_key(image: ImageFile.ImageFile) -> None:
    """Scale the transparent grey of a PNG that isn't loaded yet from its own 2 or 4 bits to 8, like the pixels."""
    step = _GREY_STEPS.get(str(image.tile[0].args))
    if step and "transparency" in image.info:
        image.info["transparency"] *= step


def _decoded_if_clean(data: bytes) -> Samples | None:
    """HxWx3, in half of Pillow's time; None where the decoder would have to warn of anything."""
    try:
        return cast("Samples", simplejpeg.decode_jpeg(data, "RGB", strict=True))
    except ValueError:
        return None


def _decoded_with_flaws(data: bytes) -> Samples:
    """As many other programs read it. OpenCV, like Pillow, goes on past what it can warn of, and refuses a file that
    just ends, but both fill in what is missing before a false end marker or a tail of zeros.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    colour = cast("Samples | None", cv2.imdecode(np.frombuffer(data, np.uint8), flags))
    if colour is None:
        raise unreadable("JPEG")
    return colour


def _seems_filled(colour: Samples) -> bool:
    """Whether the last row of blocks is the flat grey that stands for blocks that the file doesn't have."""
    return bool((colour[-_JPEG_BLOCK_PIXELS:] == _FILL_OF_MISSING_BLOCKS).all())


def _check_blocks_to_the_end(data: bytes) -> None:
    """Raise UnreadableImage if blocks are missing before the end marker.

    Without marker and zeros the decoder asks for more data where blocks are missing, and is content where none are.
    A little padding is left for it to look ahead.
    """
    without_end = data.rstrip(b"\0").removesuffix(_END_OF_IMAGE) + _PADDING
    try:
        JpegImagePlugin.jpeg_factory(io.BytesIO(without_end)).load()
    except OSError as error:
        raise unreadable("JPEG") from error
