from pathlib import Path

import av
import numpy as np
import pytest

from cutout.media.orientation import turn
from cutout.media.video.layouts import planes
from cutout.media.video.upright import orientation_of, turned
from tests.clips import Clip, decoded, make_clip, picture


@pytest.mark.parametrize(("degrees", "orientation"), [(0, 1), (90, 8), (180, 3), (270, 6)])
def test_a_display_matrix_is_read(tmp_path: Path, degrees: int, orientation: int) -> None:
    frame = decoded(make_clip(tmp_path / "a.mp4", Clip(display_rotation=degrees)))[0]
    assert orientation_of(frame) == orientation


def test_a_mirrored_clip_is_read(tmp_path: Path) -> None:
    """Front cameras write them."""
    one = 1 << 16
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        stream.set_display_matrix([-one, 0, 0, 0, one, 0, 0, 0, 1 << 30])
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(picture(number, 64, 48)[..., :3].copy(), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert orientation_of(decoded(path)[0]) == 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["yuv420p", "yuv444p10le", "yuva420p"])
def test_turning_moves_samples_and_changes_none(name: str, orientation: int) -> None:
    frame = av.VideoFrame(33, 16, name)
    random = np.random.default_rng(0)
    for plane in planes(frame):
        plane[...] = random.integers(0, 255, plane.shape)
    result = turned(frame, orientation)
    assert (result.width, result.height) == ((33, 16) if orientation < 5 else (16, 33))
    for before, after in zip(planes(frame), planes(result), strict=True):
        np.testing.assert_array_equal(after, turn(before, orientation))
