"""Colour spaces and ICC profiles: what RGB can't hold becomes sRGB, what is RGB keeps its profile."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms

from cutout.arrays import as_depth
from cutout.media.grey_profile import grey_as_rgb
from cutout.media.picture import Samples

OTHER_THAN_RGB = frozenset({"CMYK", "LAB"})
"""Pillow's modes whose colours have to be converted."""


_GREY_MODES = ("1", "L", "LA", "La", "I;16", "I;16B", "I")


def rgb_profile(image: Image.Image) -> bytes | None:
    """The profile that the three channels of `image` are in, once it is decoded; None is sRGB.

    A profile of RGB stays as it is, byte for byte. One of grey becomes that of three channels with its curve. Ink has
    become sRGB, and a profile that is not of the picture's own kind says nothing.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or image.mode in OTHER_THAN_RGB:
        return None
    if image.mode in _GREY_MODES and _describes(profile, b"GRAY"):
        return grey_as_rgb(profile)
    return profile if _describes(profile, b"RGB ") else None


def converted(pixels: Samples, source: bytes | None, target: bytes | None) -> Samples:
    """`pixels`, HxWx3 in the profile `source`, in the profile `target`, each an RGB profile or None for sRGB.

    Where the two differ it goes through 8 bits, whatever the depth. A profile that can't be read counts as sRGB, which
    is what viewers make of it.
    """
    if source == target:
        return pixels
    image = Image.fromarray(as_depth(pixels, np.uint8))
    with suppress(ImageCms.PyCMSError, OSError):
        image = _convert(image, _rgb(source), _rgb(target))
        return as_depth(np.asarray(image), pixels.dtype)
    return pixels


def _rgb(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB") if profile is None else io.BytesIO(profile))


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB picture in sRGB from one in CMYK or LAB.

    CMYK goes through the embedded profile. Without one that describes inks, it is the plain complement of RGB.
    """
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    if image.mode == "LAB":
        return _convert(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), srgb)
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not _describes(profile, b"CMYK"):
        return image.convert("RGB")
    return _convert(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb)


def _convert(image: Image.Image, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Image.Image:
    transform = ImageCms.buildTransform(source, target, image.mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    return transform.apply(image)


def _describes(profile: bytes, space: bytes) -> bool:
    """Whether the header names `space` as the colour space of the data (ICC.1:2022, 7.2)."""
    return len(profile) > 128 and profile[36:40] == b"acsp" and profile[16:20] == space
