"""Colour spaces and ICC profiles: what RGB can't hold becomes sRGB, what is RGB keeps its profile."""

import io

from PIL import Image, ImageCms

OTHER_THAN_RGB = frozenset({"CMYK", "LAB"})
"""Pillow's modes whose colours have to be converted."""


def rgb_profile(profile: object) -> bytes | None:
    """`profile` if it is an ICC profile of RGB colours, else None: a profile of grey or ink says nothing about RGB."""
    return profile if isinstance(profile, bytes) and _describes(profile, b"RGB ") else None


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
