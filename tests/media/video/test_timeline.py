from fractions import Fraction

import av

from cutout.media.video.timeline import Timeline


def frame(pts: int | None, duration: int = 0) -> av.VideoFrame:
    made = av.VideoFrame(16, 16, "yuv420p")
    made.pts = pts
    made.duration = duration
    return made


def timeline() -> Timeline:
    return Timeline(Fraction(1, 1000), Fraction(25))


def test_frames_keep_their_own_times() -> None:
    line = timeline()
    assert [line.place(frame(pts)) for pts in (-40, 0, 7, 500)] == [-40, 0, 7, 500]
    assert line.seconds == 0.58


def test_a_frame_without_a_time_follows_the_one_before() -> None:
    line = timeline()
    assert [line.place(frame(pts)) for pts in (None, None, 100, None)] == [0, 40, 100, 140]


def test_a_frame_that_comes_after_its_time_has_no_place() -> None:
    line = timeline()
    assert [line.place(frame(pts)) for pts in (0, 40, 40, 20, 80)] == [0, 40, None, None, 80]


def test_the_last_frame_lasts_as_long_as_the_file_says() -> None:
    line = timeline()
    line.place(frame(0))
    line.place(frame(40, 2000))
    assert line.seconds == 2.04
