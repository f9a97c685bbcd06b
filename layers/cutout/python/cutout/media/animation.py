"""Animations: all frames of a file, and files of many frames."""

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageFile, PngImagePlugin

from cutout.errors import TooLong, UnsupportedFormat
from cutout.limits import Limits
from cutout.media.codecs import damage_refused, open_header, quiet_codecs, too_many_pixels
from cutout.media.eight_bit import read_eight_bit, scale_grey_key
from cutout.media.image import ImageFormat, check_sides, picture_of
from cutout.media.metadata import Metadata, read_metadata
from cutout.media.picture import Picture, Samples
from cutout.media.signature import recognise
from cutout.media.sixteen_bit import is_sixteen_bit_png
from cutout.media.web_formats import AVIF, LOSSLESS_WEBP, WEBP, exif_of, image_of

_READ = ("GIF", "PNG", "WEBP", "AVIF")
_PNG = {"format": "PNG", "compress_level": 1}
_SETTINGS: dict[ImageFormat, dict[str, Any]] = {
    ImageFormat.PNG: _PNG,
    ImageFormat.WEBP: WEBP,
    ImageFormat.WEBP_LOSSLESS: LOSSLESS_WEBP,
    ImageFormat.AVIF: AVIF,
}
_ONCE, _FOR_EVER = 1, 0
_WEBP_FLAGS_AT = 20
_WEBP_ALPHA = 0x10


@dataclass(frozen=True)
class Timing:
    """`durations_ms`: how long each frame shows, in milliseconds. `loops`: how often all are shown; 0 is for ever."""

    durations_ms: tuple[float, ...]
    loops: int


@dataclass(frozen=True, eq=False)
class Animation:
    """Two frames or more, of one size and in 8 bits."""

    frames: tuple[Picture, ...]
    timing: Timing


def decode_animation(data: bytes, limits: Limits) -> Animation | None:
    """All frames of a GIF, WebP, PNG or AVIF, upright, as a viewer shows them; None where there is one picture only.

    The limit of pixels is for all frames together.
    Raises TooManyPixels and TooLong (before pixels are allocated), UnsupportedFormat and UnreadableImage.
    """
    source_format = recognise(data)
    if source_format not in _READ:
        return None
    with quiet_codecs(limits), damage_refused(source_format, limits):
        image = open_header(data, source_format, limits)
        if source_format == "GIF":
            _refuse_endless(image, limits)
        numbers = _frame_numbers(image)
        if len(numbers) < 2:
            return None
        _check(image, len(numbers), limits)
        if source_format == "PNG":
            scale_grey_key(image)
        metadata = read_metadata(image)
        # A GIF that says nothing plays once.
        loops = int(image.info.get("loop", _ONCE if source_format == "GIF" else _FOR_EVER))
        frames, durations = zip(*(_read(image, number, metadata) for number in numbers), strict=True)
    return Animation(frames, Timing(durations, loops))


def encode_animation(frames: Sequence[Picture], timing: Timing, image_format: ImageFormat) -> bytes:
    """An animated PNG, WebP or AVIF. Profile, copyright and resolution of the first frame go with it.

    AVIF loops for ever.
    Raises ValueError for a format that holds one picture, and TooManyPixels where a side is too long for it.
    """
    if image_format not in _SETTINGS:
        raise ValueError(f"{image_format.value} holds one picture")
    first = frames[0]
    check_sides(first, image_format)
    facts: dict[str, Any] = {"icc_profile": first.icc_profile, "exif": exif_of(first)}
    if image_format is ImageFormat.PNG and first.dpi:
        facts["dpi"] = first.dpi
    data = _saved([image_of(frame) for frame in frames], timing, facts | _SETTINGS[image_format])
    has_alpha = any(frame.alpha is not None for frame in frames)
    return _flagged_transparent(data) if has_alpha and data[8:16] == b"WEBPVP8X" else data


def encode_mattes(mattes: Sequence[Samples], timing: Timing) -> bytes:
    """Alpha mattes, each HxW uint8, as an animated grey PNG."""
    return _saved([Image.fromarray(matte) for matte in mattes], timing, _PNG)


def _flagged_transparent(webp: bytes) -> bytes:
    """`webp` with the flag that it has alpha (WebP container specification, extended file format).

    libwebp forgets it where every frame is stored as an opaque rectangle on the transparent canvas, and readers then
    show black around it.
    """
    flags = webp[_WEBP_FLAGS_AT] | _WEBP_ALPHA
    return webp[:_WEBP_FLAGS_AT] + bytes([flags]) + webp[_WEBP_FLAGS_AT + 1 :]


def _frame_numbers(image: ImageFile.ImageFile) -> range:
    """Those that move: the picture for viewers without animation is none of them, where a PNG has one."""
    has_still = isinstance(image, PngImagePlugin.PngImageFile) and image.default_image
    return range(int(has_still), getattr(image, "n_frames", 1))


def _refuse_endless(gif: ImageFile.ImageFile, limits: Limits) -> None:
    """Raises TooLong without counting all frames: a GIF has to be walked through for that, frame by frame."""
    with suppress(EOFError):
        gif.seek(limits.frames)
        raise _too_long(f"more than {limits.frames}", limits)
    gif.seek(0)


def _check(image: ImageFile.ImageFile, count: int, limits: Limits) -> None:
    if count > limits.frames:
        raise _too_long(str(count), limits)
    if count * image.width * image.height > limits.pixels:
        raise too_many_pixels(f"{count} frames of {image.width} x {image.height} pixels, above", limits)
    if image.format == "PNG" and is_sixteen_bit_png(image):
        raise UnsupportedFormat("The animation has 16 bits, and animations are read in 8: ask for its first frame.")


def _too_long(count: str, limits: Limits) -> TooLong:
    return TooLong(
        f"The animation has {count} frames, and the limit is {limits.frames}: shorten it, or ask for its first frame."
    )


def _read(image: ImageFile.ImageFile, number: int, metadata: Metadata) -> tuple[Picture, float]:
    """One frame, and its duration in milliseconds."""
    image.seek(number)
    channels = read_eight_bit(image).turned(metadata.orientation)
    return picture_of(image, channels, metadata), float(image.info.get("duration") or 0)


def _saved(images: list[Image.Image], timing: Timing, settings: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    durations = [round(duration) for duration in timing.durations_ms]
    images[0].save(file, save_all=True, append_images=images[1:], duration=durations, loop=timing.loops, **settings)
    return file.getvalue()
