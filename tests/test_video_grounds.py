import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import pytest

from cutout.arrays import Pixels
from cutout.choices import Background, Blur, Colour, PictureAt, Transparent
from cutout.errors import Refusal, UnreadableImage, UnreadableVideo
from cutout.limits import VideoLimits
from cutout.media.image import ImageFormat, encode
from cutout.media.picture import Picture
from cutout.media.video.layouts import planes
from cutout.media.video.reader import Frame
from cutout.media.video.tags import ColourTags
from cutout.video_grounds import ground_of
from tests.clips import Clip, make_clip

LIMITED_709 = ColourTags(1, 1, 1, 1)
LIMITS = VideoLimits()


def frame(pts: int = 0, name: str = "yuv420p", tags: ColourTags = LIMITED_709) -> Frame:
    picture = av.VideoFrame(64, 48, name)
    for plane in planes(picture):
        plane[...] = 60
    planes(picture)[0][:, 32:] = 180
    picture.pts, picture.time_base = pts, Fraction(1, 25)
    return Frame(picture, tags, pts, 1)


def no_file(name: str) -> BinaryIO:
    raise AssertionError(name)


def shown(behind: list[Pixels], like: Frame) -> Pixels:
    """Planes as RGB."""
    name = like.picture.format.name.replace("yuva", "yuv")
    picture = av.VideoFrame(like.picture.width, like.picture.height, name)
    for target, plane in zip(planes(picture), behind, strict=True):
        target[...] = plane
    like.tags.put_on(picture)
    return picture.to_ndarray(format="rgb24")


@pytest.mark.parametrize("name", ["yuv420p", "yuva420p", "yuv422p10le"])
@pytest.mark.parametrize("tags", [LIMITED_709, ColourTags(6, 6, 6, 2), ColourTags(9, 9, 1, 1)])
@pytest.mark.parametrize("background", [Transparent(), Colour(255, 255, 255), Colour(200, 30, 90)])
def test_a_colour_is_that_colour_whatever_the_frames_are_in(
    background: Transparent | Colour, tags: ColourTags, name: str
) -> None:
    with ground_of(background, LIMITS, no_file) as ground:
        rgb = shown(list(ground.behind(frame(name=name, tags=tags))), frame(name=name, tags=tags))
    expected = (255, 255, 255) if isinstance(background, Transparent) else (background.red, 30, 90)
    if expected[0] == 255:
        expected = (255, 255, 255)
    assert np.abs(rgb.astype(int) - expected).max() <= 3


@pytest.mark.parametrize(("transfer", "share"), [(16, 0.58), (18, 0.75)])
def test_white_is_a_page_and_no_lamp_where_the_range_is_high(transfer: int, share: float) -> None:
    """White at full signal is 10,000 candela: nobody could look at it."""
    tags = ColourTags(9, 9, transfer, 1)
    with ground_of(Transparent(), LIMITS, no_file) as ground:
        luma = ground.behind(frame(name="yuv420p10le", tags=tags))[0]
    assert (luma.astype(float) - 64).mean() / 876 == pytest.approx(share, abs=0.01)


def test_blur_keeps_the_mean_and_takes_the_edge() -> None:
    with ground_of(Blur(8), LIMITS, no_file) as ground:
        luma = ground.behind(frame())[0]
    assert luma.mean() == pytest.approx(120, abs=3)
    assert np.abs(np.diff(luma.astype(int), axis=1)).max() < 12


def photo() -> bytes:
    pixels = np.zeros((30, 90, 3), np.uint8)
    pixels[:, :45], pixels[:, 45:] = (250, 0, 0), (0, 0, 250)
    return encode(Picture(pixels, None, None, None, None, "PNG"), ImageFormat.PNG)


def test_a_photo_covers_the_frames() -> None:
    with ground_of(PictureAt("behind.png"), LIMITS, lambda _: io.BytesIO(photo())) as ground:
        rgb = shown(list(ground.behind(frame())), frame())
    assert np.abs(rgb[:, :28].astype(int) - (250, 0, 0)).max() < 6
    assert np.abs(rgb[:, 36:].astype(int) - (0, 0, 250)).max() < 6


@pytest.fixture
def moving(tmp_path: Path) -> Callable[[str], BinaryIO]:
    """Four frames, each of one brightness, shown for 2, 2, 2 and 1 twenty-fifths of a second; 96 x 48."""

    def draw(number: int, width: int, height: int) -> Pixels:
        return np.full((height, width, 3), 40 + 50 * number, np.uint8)

    clip = Clip(width=96, pts=(0, 2, 4, 6))
    path = make_clip(tmp_path / "behind.mp4", clip, draw)
    return lambda _: path.open("rb")


def test_a_video_runs_behind_in_its_own_time_and_again(moving: Callable[[str], BinaryIO]) -> None:
    numbers = []
    with ground_of(PictureAt("behind.mp4"), LIMITS, moving) as ground:
        for pts in range(100, 125):  # the first frame's time is its own beginning
            rgb = shown(list(ground.behind(frame(pts))), frame(pts))
            assert rgb.shape == (48, 64, 3)
            numbers.append(round((float(rgb.mean()) - 40) / 50))
    assert numbers == [0, 0, 1, 1, 2, 2, 3] * 3 + [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("key", "content", "refusal"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(50), UnreadableImage),
        ("a.mp4", b"no video at all, for sure", UnreadableVideo),
    ],
)
def test_a_background_that_can_not_be_used_is_refused_by_its_name(
    key: str, content: bytes, refusal: type[Refusal]
) -> None:
    background: Background = PictureAt(key)
    with (
        pytest.raises(refusal, match=f"background {key}"),
        ground_of(background, LIMITS, lambda _: io.BytesIO(content)),
    ):
        pass
