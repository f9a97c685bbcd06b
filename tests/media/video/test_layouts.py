import av
import numpy as np
import pytest

from cutout.media.video.layouts import bits_of, has_alpha, planes, subsampling_of, working_layout


@pytest.mark.parametrize(
    ("arrives", "becomes"),
    [
        ("yuv420p", "yuv420p"),
        ("yuvj420p", "yuv420p"),
        ("nv12", "yuv420p"),
        ("p010le", "yuv420p10le"),
        ("yuv422p10le", "yuv422p10le"),
        ("yuv420p12le", "yuv420p10le"),
        ("yuv411p", "yuv422p"),
        ("yuv440p", "yuv444p"),
        ("yuv410p", "yuv420p"),
        ("gray", "yuv420p"),
        ("gray16le", "yuv420p10le"),
        ("rgb24", "yuv444p"),
        ("argb", "yuva444p"),
        ("pal8", "yuva444p"),
        ("yuva420p", "yuva420p"),
        ("yuva444p12le", "yuva444p10le"),
    ],
)
def test_every_layout_has_a_nearest_one_that_is_worked_in(arrives: str, becomes: str) -> None:
    assert working_layout(arrives) == becomes
    assert working_layout(becomes) == becomes


def test_what_a_layout_holds_is_in_its_name() -> None:
    assert (subsampling_of("yuva422p10le"), bits_of("yuva422p10le"), has_alpha("yuva422p10le")) == ("422", 10, True)
    assert (subsampling_of("yuv444p"), bits_of("yuv444p"), has_alpha("yuv444p")) == ("444", 8, False)


@pytest.mark.parametrize("name", ["yuv420p", "yuva444p10le"])
def test_planes_share_the_frame_s_memory(name: str) -> None:
    frame = av.VideoFrame(33, 17, name)
    found = planes(frame)
    assert found[0].shape == (17, 33)
    assert found[1].shape == ((9, 17) if name == "yuv420p" else (17, 33))
    found[0][...] = np.arange(33)
    np.testing.assert_array_equal(planes(frame)[0][5], np.arange(33))
