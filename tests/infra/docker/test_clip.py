"""If these fail, `make video-image` gives the job no video, or takes anything for its output."""

import av
import pytest

from infra.docker.clip import Shown, clip, shown


def test_the_clip_is_a_video_of_a_few_small_frames() -> None:
    assert shown(clip()) == Shown("h264", 64, 48, 3)


def test_half_a_clip_is_broken() -> None:
    whole = clip()
    with pytest.raises(av.FFmpegError):
        shown(whole[: len(whole) // 2])
