"""Pictures of results beside what they were made of."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from cutout.media.orientation import turn
from cutout.media.video.upright import orientation_of

SIDE_PIXELS = 600
TILE_PIXELS = 12
FRAME_SIDE_PIXELS = 320
SHARES = (0.1, 0.4, 0.7, 0.95)


def before_after(photo: Path, cutout: Path) -> Image.Image:
    """The photo, and beside it the cutout on the checkerboard that stands for nothing."""
    size = (SIDE_PIXELS, SIDE_PIXELS)
    before = ImageOps.contain(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"), size)
    after = ImageOps.contain(Image.open(cutout).convert("RGBA"), size)
    board = checkerboard(*after.size).convert("RGBA")
    board.alpha_composite(after)
    both = Image.new("RGB", (before.width + after.width, max(before.height, after.height)), "white")
    both.paste(before, (0, 0))
    both.paste(board.convert("RGB"), (before.width, 0))
    return both


def checkerboard(width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[:height, :width] // TILE_PIXELS
    return Image.fromarray(np.where((rows + columns) % 2 == 0, 255, 204).astype(np.uint8))


def contact_sheet(before: Path, after: Path) -> Image.Image:
    """Frames of a video in a row, and below them the frames of the same moments of what was made of it."""
    rows = [list(frames(video)) for video in (before, after)]
    width = max(frame.width for row in rows for frame in row)
    height = max(frame.height for row in rows for frame in row)
    sheet = Image.new("RGB", (width * len(SHARES), height * len(rows)), "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            sheet.paste(picture, (column * width, row * height))
    return sheet


def frames(video: Path) -> Iterator[Image.Image]:
    """The frames at `SHARES` of the duration, upright and small."""
    with av.open(str(video)) as container:
        duration = container.duration or 0
        for share in SHARES:
            moment = (container.start_time or 0) + round(share * duration)
            container.seek(moment)
            frame = frame_at(container, moment / av.time_base)
            upright = turn(frame.to_ndarray(format="rgb24"), orientation_of(frame))
            yield ImageOps.contain(Image.fromarray(upright), (FRAME_SIDE_PIXELS, FRAME_SIDE_PIXELS))


def frame_at(container: "av.container.InputContainer", seconds: float) -> av.VideoFrame:
    """The last frame that begins by then, of those from where the file is read on; the first, if none does."""
    found: av.VideoFrame | None = None
    for frame in container.decode(video=0):
        if found is not None and (frame.time or 0) > seconds:
            break
        found = frame
    if found is None:
        raise ValueError(f"there is no frame to be found at {seconds:.2f} s")
    return found
