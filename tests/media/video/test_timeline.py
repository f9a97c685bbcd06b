from fractions import Fraction

from cutout.media.video.timeline import Timeline


def timeline() -> Timeline:
    """In milliseconds, at 25 frames a second."""
    return Timeline(Fraction(1, 1000), 40)


def test_frames_keep_their_own_times() -> None:
    line = timeline()
    assert [line.place(pts, 0) for pts in (-40, 0, 7, 500)] == [-40, 0, 7, 500]
    assert line.seconds == 0.58
    assert line.retimed == 0


def test_a_frame_without_a_time_follows_the_one_before() -> None:
    line = timeline()
    assert [line.place(pts, 0) for pts in (None, None, 100, None)] == [0, 40, 100, 140]


def test_frames_that_all_say_the_same_time_follow_one_another() -> None:
    """A file without times would else be one frame long."""
    line = timeline()
    assert [line.place(7, 40) for _ in range(4)] == [7, 47, 87, 127]
    assert line.retimed == 3


def test_one_frame_that_is_late_moves_no_other() -> None:
    line = timeline()
    assert [line.place(pts, 40) for pts in (0, 40, 80, 60, 120, 160)] == [0, 40, 80, 81, 120, 160]
    assert line.retimed == 1


def test_one_repeated_time_moves_only_what_is_in_its_way() -> None:
    line = timeline()
    assert [line.place(pts, 40) for pts in (0, 40, 40, 80, 120)] == [0, 40, 80, 81, 120]


def test_a_clock_that_begins_anew_goes_on() -> None:
    """Two recordings in one transport stream: the second is not thrown away."""
    line = timeline()
    assert [line.place(pts, 40) for pts in (5000, 5040, 0, 40, 80)] == [5000, 5040, 5080, 5120, 5160]
    assert line.retimed == 1


def test_the_last_frame_lasts_as_long_as_the_file_says() -> None:
    line = timeline()
    line.place(0, 0)
    line.place(40, 2000)
    assert line.seconds == 2.04


def test_where_nothing_comes_for_long_is_kept() -> None:
    """Some containers pass over what is damaged without a word."""
    line = timeline()
    for pts in (0, 40, 580, 620, 2000):
        line.place(pts, 40)
    assert line.gaps == [1340]
