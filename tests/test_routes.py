"""If these fail, a video is left by everybody, or has two outcomes."""

import pytest

from cutout.routes import VIDEO_ENDINGS, is_video


@pytest.mark.parametrize("ending", VIDEO_ENDINGS)
def test_a_video_is_known_by_its_ending_in_any_case(ending: str) -> None:
    assert is_video(f"a b/ü{ending}")
    assert is_video(f"a b/ü{ending.upper()}")


@pytest.mark.parametrize("key", ["a.png", "mp4", "a.mp4.png", "a.mp4 ", "clip.m\u212av", "clip.\uff4d\uff54\uff53"])
def test_any_other_name_is_no_videos(key: str) -> None:
    """Among them one with a Kelvin sign, which Unicode's rules make a k of."""
    assert not is_video(key)
