from fractions import Fraction

import av
import numpy as np
import pytest

from cutout.arrays import Pixels
from cutout.choices import Blur, Output, Transparent
from cutout.errors import TooManyPixels
from cutout.media.video.formats import VideoFormat, encoding
from cutout.media.video.layouts import planes
from cutout.media.video.reader import Frame
from cutout.media.video.tags import BT709, FULL, LIMITED, ColourTags
from cutout.video_outputs import (
    MatteAlone,
    OnGround,
    Shot,
    WithAlpha,
    composer_of,
    encoding_of,
    has_ground,
    on_ground,
)

TAGS = ColourTags(BT709, BT709, BT709, LIMITED)
OPAQUE = 65535


def frame(name: str = "yuv420p", width: int = 64, height: int = 48) -> Frame:
    picture = av.VideoFrame(width, height, name)
    random = np.random.default_rng(0)
    for plane in planes(picture):
        plane[...] = random.integers(16, 235, plane.shape)
    picture.pts, picture.time_base = 7, Fraction(1, 30)
    return Frame(picture, TAGS, 7, 1)


def matte(width: int = 64, height: int = 48) -> Pixels:
    made = np.zeros((height, width), np.uint16)
    made[:, width // 4 : width // 2] = OPAQUE
    made[:, width // 2 : width // 2 + 2] = OPAQUE // 2
    return made


def shot(name: str = "yuv420p", width: int = 64, height: int = 48) -> Shot:
    made, alpha = frame(name, width, height), matte(width, height)
    ground = [np.full(plane.shape, 128, plane.dtype) for plane in planes(made.picture)[:3]]
    return Shot(made, alpha, on_ground(made, alpha, ground))


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p", "yuva420p"])
def test_where_alpha_is_full_the_samples_are_the_source_s_own(name: str) -> None:
    made = shot(name)
    assert made.on_ground is not None
    for ours, theirs in zip(planes(made.on_ground), planes(made.frame.picture), strict=False):
        columns = slice(ours.shape[1] // 4, ours.shape[1] // 2)
        np.testing.assert_array_equal(ours[:, columns], theirs[:, columns])
        assert (ours[:, : ours.shape[1] // 4] == 128).all()


def test_an_odd_frame_gets_one_more_row_and_column_for_encoders_that_need_it() -> None:
    made = shot(width=63, height=47)
    shown = OnGround(encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=False)).compose(made)
    assert (shown.width, shown.height) == (64, 48)
    assert made.on_ground is not None
    np.testing.assert_array_equal(planes(shown)[0][:47, :63], planes(made.on_ground)[0])
    np.testing.assert_array_equal(planes(shown)[0][:47, 63], planes(made.on_ground)[0][:, 62])


@pytest.mark.parametrize(("video_format", "full"), [(VideoFormat.WEBM, 255), (VideoFormat.MOV, 1023)])
def test_alpha_goes_with_the_source_s_own_luma_and_hides_what_it_removed(video_format: VideoFormat, full: int) -> None:
    """What lies under nil alpha comes back in any editor: a face that was to be removed must not."""
    made = shot(width=128)
    shown = WithAlpha(encoding(video_format, bits=8, alpha=True, gpu=False)).compose(made)
    luma, *_, alpha = planes(shown)
    scale = (full + 1) // 256
    np.testing.assert_array_equal(luma[:, 32:66], planes(made.frame.picture)[0][:, 32:66].astype(int) * scale)
    assert (alpha[:, 32:64] == full).all()
    assert (alpha[:, 64:66] == full // 2).all()
    assert (alpha[:, :32] == 0).all()
    assert (luma[:, 80:] == 16 * scale).all()
    assert (shown.pts, shown.time_base) == (7, Fraction(1, 30))


def test_the_matte_alone_is_grey_from_black_to_white() -> None:
    shown = MatteAlone(encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=False)).compose(shot(width=63, height=47))
    assert (shown.width, shown.height) == (64, 48)
    rgb = shown.to_ndarray(format="rgb24")
    assert (rgb[:, :14] == 0).all()
    assert (rgb[:, 16:30] == 255).all()


def test_the_matte_of_a_full_range_video_is_limited_and_says_so() -> None:
    made = shot()
    full = Shot(Frame(made.frame.picture, ColourTags(1, 1, 1, FULL), 7, 1), made.matte, None)
    assert MatteAlone(encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=False)).compose(full).color_range == LIMITED


def test_an_output_is_opaque_where_it_can_have_no_alpha_or_a_background_is_asked_for() -> None:
    assert has_ground(Output.MP4, Transparent())
    assert not has_ground(Output.WEBM, Transparent())
    assert has_ground(Output.MOV, Blur(3))
    assert not has_ground(Output.MASK, Blur(3))


def test_pixels_become_square_where_the_container_can_not_say_that_they_are_not() -> None:
    made = shot()
    how = encoding_of(Output.WEBM, Transparent(), made.frame, gpu=False)
    shown = composer_of(Output.WEBM, Transparent(), how, Fraction(4, 3)).compose(made)
    assert (shown.width, shown.height) == (85, 48)
    assert (shown.pts, shown.time_base) == (7, Fraction(1, 30))
    assert planes(shown)[3][:, 24:40].min() > 250


def test_a_video_of_full_range_keeps_its_colours_where_only_limited_range_can_be_said() -> None:
    """ProRes is always taken for limited: full samples in it show too much contrast."""
    made = shot()
    full = ColourTags(BT709, BT709, BT709, FULL)
    front = Frame(made.frame.picture, full, 7, 1)
    opaque = Shot(front, made.matte, made.on_ground)
    shown = OnGround(encoding(VideoFormat.MOV, bits=8, alpha=False, gpu=False)).compose(opaque)
    assert shown.color_range == LIMITED
    luma = planes(shown)[0][:, 16:32].astype(float)
    own = planes(front.picture)[0][:, 16:32].astype(float)
    assert np.abs(luma - (64 + own * 876 / 255)).max() < 3


def test_tags_are_put_on_no_frame_that_another_output_sees() -> None:
    made = shot()
    assert made.on_ground is not None
    before = made.on_ground.colorspace
    shown = OnGround(encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=False)).compose(made)
    assert shown.colorspace == BT709
    assert made.on_ground.colorspace == before != BT709


def test_frames_that_no_encoder_takes_are_refused_by_name() -> None:
    with pytest.raises(TooManyPixels, match="16384"):
        encoding_of(Output.MP4, Transparent(), frame(width=16386, height=16), gpu=False)


def test_nvenc_encodes_what_it_can_and_the_processor_the_rest() -> None:
    assert encoding_of(Output.MP4, Transparent(), frame(), gpu=True).codec == "h264_nvenc"
    assert encoding_of(Output.MP4, Transparent(), frame(width=4098, height=16), gpu=True).codec == "libx264"
