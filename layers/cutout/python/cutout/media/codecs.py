"""Pillow and OpenCV under our rules: our limit, our errors, no noise."""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from cutout.errors import CutoutError, TooManyPixels, UnreadableImage
from cutout.limits import Limits


def _open_heif(file: io.BytesIO) -> ImageFile.ImageFile:
    from pi_heif import HeifImageFile  # 15 ms that other photos need not wait for

    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "AVIF": AvifImagePlugin.AvifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "HEIF": _open_heif,
    "JPEG": JpegImagePlugin.jpeg_factory,
    "PNG": PngImagePlugin.PngImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}

_process_wide_state = threading.Lock()


@contextmanager
def quiet_codecs(limits: Limits) -> Iterator[None]:
    """Hold Pillow to `limits`, and keep codecs from warning and logging, until the block ends.

    Pillow's limit, Python's warning filter and OpenCV's log level belong to the whole process,
    so one picture is decoded at a time.
    """
    with _process_wide_state, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log_level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        warning_pixels = Image.MAX_IMAGE_PIXELS
        # Pillow warns at its limit and refuses at twice the limit.
        Image.MAX_IMAGE_PIXELS = (limits.pixels + 1) // 2
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = warning_pixels
            cv2.utils.logging.setLogLevel(log_level)


@contextmanager
def damage_refused(source_format: str, limits: Limits) -> Iterator[None]:
    """Turn whatever a codec raises on a damaged file into UnreadableImage, and on a bomb into TooManyPixels."""
    try:
        yield
    except (CutoutError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise too_many_pixels("more than", limits) from error
    except Exception as error:
        raise unreadable(source_format) from error


def open_header(data: bytes, source_format: str, limits: Limits) -> ImageFile.ImageFile:
    """The picture as Pillow opens it: header read, no pixel decoded.

    Raises TooManyPixels, and UnreadableImage where there is no pixel at all.
    """
    image = _OPENERS[source_format](io.BytesIO(data))
    if image.width * image.height > limits.pixels:
        raise too_many_pixels(f"{image.width} x {image.height} pixels, above", limits)
    if image.width < 1 or image.height < 1:
        raise unreadable(source_format)
    return image


def too_many_pixels(size: str, limits: Limits) -> TooManyPixels:
    return TooManyPixels(
        f"The picture has {size} the limit of {limits.megapixels:g} megapixels: upload a smaller version of it."
    )


def unreadable(source_format: str) -> UnreadableImage:
    return UnreadableImage(f"The {source_format} file is damaged or cut short: upload it again from the original.")
