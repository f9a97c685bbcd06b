import av
import pytest

from cutout.media.video.tags import BT601, BT709, FULL, LIMITED, ColourTags, black_of, tags_of


@pytest.mark.parametrize(("width", "height", "matrix"), [(1280, 720, BT709), (720, 1280, BT709), (720, 576, BT601)])
def test_what_is_not_tagged_is_told_by_its_size(width: int, height: int, matrix: int) -> None:
    """FFmpeg takes all of it for BT.601, which turns the skin of every untagged high definition clip."""
    frame = av.VideoFrame(width, height, "yuv420p")
    assert tags_of(frame) == ColourTags(matrix, matrix, matrix, LIMITED)


def test_tags_are_kept_as_they_are() -> None:
    frame = av.VideoFrame(1920, 1080, "yuv420p10le")
    tags = ColourTags(9, 9, 18, FULL)
    tags.put_on(frame)
    assert tags_of(frame) == tags


def test_a_layout_of_full_range_is_of_full_range() -> None:
    assert tags_of(av.VideoFrame(64, 48, "yuvj420p")).color_range == FULL


def test_black_is_black_in_either_range() -> None:
    assert black_of(ColourTags(1, 1, 1, LIMITED), 10) == (64, 512, 512)
    assert black_of(ColourTags(1, 1, 1, FULL), 8) == (0, 128, 128)


def test_what_the_container_says_counts_where_the_frame_says_nothing() -> None:
    """Phones tag wide colours in the container alone."""
    frame = av.VideoFrame(1280, 720, "yuv420p")
    assert tags_of(frame, ColourTags(1, 12, 1, 0)) == ColourTags(1, 12, 1, LIMITED)
    frame.colorspace = 9
    assert tags_of(frame, ColourTags(1, 12, 1, FULL)).matrix == 9
