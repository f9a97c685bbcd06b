"""If these fail, crops cut into the subject."""

import numpy as np

from cutout.matting.crop import subject_box


def matte_with_box() -> np.ndarray:
    matte = np.zeros((100, 200), np.uint8)
    matte[30:50, 60:100] = 255
    return matte


def test_the_box_is_tight_without_a_margin() -> None:
    assert subject_box(matte_with_box(), 0) == (slice(30, 50), slice(60, 100))


def test_the_margin_is_in_per_cent_of_the_longer_side() -> None:
    assert subject_box(matte_with_box(), 10) == (slice(26, 54), slice(56, 104))


def test_the_margin_ends_at_the_border() -> None:
    assert subject_box(matte_with_box(), 100) == (slice(0, 90), slice(20, 140))


def test_a_faint_subject_is_still_found() -> None:
    assert subject_box((matte_with_box() // 5).astype(np.uint8), 0) == (slice(30, 50), slice(60, 100))
