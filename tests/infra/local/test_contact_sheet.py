"""The pictures by which a person judges a result. If they are wrong, the wrong moment or the wrong file is judged."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from infra.local.contact_sheet import FRAME_SIDE_PIXELS, SHARES, before_after, contact_sheet, frames


def grey_ramp(path: Path, size: tuple[int, int] = (64, 48), offset: int = 0, count: int = 100) -> Path:
    """A clip of 100 frames whose grey is twice the frame's number, with one keyframe in 30."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "30", "crf": "1"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(count):
            picture = np.full((size[1], size[0], 3), 2 * number + offset, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def grey(picture: Image.Image, x: int, y: int) -> int:
    red, _, _ = picture.getpixel((x, y))  # type: ignore[misc]
    return int(red)


def test_frames_are_of_the_same_moments_above_and_below(tmp_path: Path) -> None:
    sheet = contact_sheet(grey_ramp(tmp_path / "a.mp4"), grey_ramp(tmp_path / "b.mp4", offset=50))
    width, height = FRAME_SIDE_PIXELS, FRAME_SIDE_PIXELS * 48 // 64

    assert sheet.size == (width * len(SHARES), height * 2)
    for column, share in enumerate(SHARES):
        x = column * width + width // 2
        assert grey(sheet, x, height // 2) == pytest.approx(2 * 100 * share, abs=6)
        assert grey(sheet, x, height + height // 2) == pytest.approx(2 * 100 * share + 50, abs=6)


def test_a_clip_of_one_frame_is_shown_as_often_as_there_is_room(tmp_path: Path) -> None:
    shown = list(frames(grey_ramp(tmp_path / "a.mp4", offset=90, count=1)))

    assert [grey(picture, 10, 10) for picture in shown] == [pytest.approx(90, abs=3)] * len(SHARES)


def test_a_photo_stands_beside_its_cutout_on_a_checkerboard(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (10, 200, 10)).save(tmp_path / "photo.png")
    cutout = Image.new("RGBA", (40, 20), (10, 200, 10, 0))
    cutout.paste((10, 200, 10, 255), (0, 0, 20, 20))
    cutout.save(tmp_path / "cutout.png")

    both = before_after(tmp_path / "photo.png", tmp_path / "cutout.png")

    assert both.size == (1200, 300)
    assert both.getpixel((300, 150)) == both.getpixel((700, 150)) == (10, 200, 10)
    assert {both.getpixel((x, 150)) for x in range(1100, 1150)} == {(255, 255, 255), (204, 204, 204)}
