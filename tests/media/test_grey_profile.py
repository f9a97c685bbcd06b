"""If these fail, a black and white photo comes back lighter or darker than it was."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutout.media.grey_profile import grey_as_rgb
from tests.media.profiles import GREY_GAMMA_18, gamma, icc_profile


def shown(image: Image.Image, profile: bytes) -> np.ndarray:
    """`image` as a monitor in sRGB shows it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"))


def test_three_equal_channels_look_as_the_one_did() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    profile = grey_as_rgb(GREY_GAMMA_18)
    assert profile is not None
    as_rgb = shown(ramp.convert("RGB"), profile).astype(int)
    assert np.abs(as_rgb - shown(ramp, GREY_GAMMA_18)).max() <= 1
    assert np.abs(as_rgb - np.asarray(ramp.convert("RGB"))).max() > 10, "the curve matters"


@pytest.mark.parametrize(
    "profile",
    [
        GREY_GAMMA_18[:140],
        GREY_GAMMA_18[:-4],
        GREY_GAMMA_18[:128],
        icc_profile(b"GRAY", {}),
        icc_profile(b"GRAY", {b"kTRC": gamma(1.8)}, connection=b"Lab "),
    ],
)
def test_what_has_no_such_curve_says_nothing(profile: bytes) -> None:
    assert grey_as_rgb(profile) is None
