from cutout.media.video.damage import Damage


def test_nothing_lost_is_nothing_said() -> None:
    damage = Damage(frames_announced=10, frames_decoded=10)
    assert damage.frames_lost(10, 0, 25) == 0
    assert damage.notes(0, 0) == ()


def test_frames_that_the_decoder_swallowed_are_lost() -> None:
    assert Damage(frames_announced=10, frames_decoded=7).frames_lost(10, 0, 25) == 3


def test_frames_after_a_silent_end_are_lost_by_the_header_s_word() -> None:
    damage = Damage(frames_announced=10, frames_decoded=10)
    assert damage.frames_lost(100, 3.6, 25) == 90
    assert damage.frames_lost(None, 3.6, 25) == 90
    assert "3.60 s" in damage.notes(3.6, 0)[0]


def test_a_header_that_is_off_by_a_frame_is_believed_to_round() -> None:
    assert Damage(frames_announced=10, frames_decoded=10).frames_lost(11, 0.04, 25) == 0


def test_frames_that_hang_on_damaged_ones_are_spoken_of() -> None:
    (note,) = Damage(frames_announced=10, frames_decoded=7).notes(0, 0)
    assert note.startswith("3 frames")


def test_a_file_that_ends_before_its_bytes_do_is_spoken_of() -> None:
    (note,) = Damage(bytes_read=400_000).notes(0, 1_000_000)
    assert "60%" in note
    assert Damage(bytes_read=900_000).notes(0, 1_000_000) == ()
    assert Damage(bytes_read=400).notes(0, 1000) == ()
