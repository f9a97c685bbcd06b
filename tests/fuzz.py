"""Damages sound files at random and decodes them, under a memory limit, in a process that may die of it.

`python -m tests.fuzz photo|video SEED SECONDS` prints the seed of each case before it tries it, and ends with 1 at the
first case that raises anything but a refusal. `replay(KIND, CASE)` is one case again.
"""

import io
import sys
import time
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from cutout.errors import Refusal
from cutout.limits import Limits, VideoLimits
from cutout.media.animation import decode_animation
from cutout.media.image import decode
from cutout.trial import limit_memory
from infra.local.chaos.content import clip, encoded

MEMORY_BYTES = 1500 << 20
REFERENCE = Path(__file__).parents[2] / "shared" / "data"
PIXELS = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
LARGEST_BYTES = 3_000_000


@cache
def sound(kind: str) -> list[bytes]:
    """What is damaged: files made here, and those that others made where they are there."""
    folder = REFERENCE / ("awkward" if kind == "photo" else "video")
    found = [path for path in sorted(folder.glob("*")) if path.is_file() and path.stat().st_size <= LARGEST_BYTES]
    return [*(made_photos() if kind == "photo" else made_clips()), *(path.read_bytes() for path in found)]


def made_photos() -> list[bytes]:
    return [encoded(Image.fromarray(PIXELS), name) for name in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")]


def made_clips() -> list[bytes]:
    return [clip(0)]


def damaged(content: bytes, random: Random) -> bytes:
    """Some bytes changed, many of them near the start, where headers are; or a part cut out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        reach = len(data) if random.random() < 0.4 else min(len(data), 256)
        place, length = random.randrange(reach or 1), random.choice((1, 2, 4, 8))
        match random.randrange(5):
            case 0:
                data[place : place + length] = random.randbytes(length)
            case 1:
                data[place : place + length] = random.choice((b"\xff", b"\0", b"\x7f")) * length
            case 2:
                del data[place : place + random.randrange(1, 64)]
            case 3:
                data[place:place] = data[place : place + random.randrange(1, 64)]
            case _ if random.random() < 0.2:
                del data[random.randrange(len(data) or 1) :]
    return bytes(data)


def replay(kind: str, case: int) -> None:
    """Decode the damaged file number `case`. Raises whatever is no refusal."""
    random = Random(case)
    content = damaged(random.choice(sound(kind)), random)
    try:
        if kind == "photo":
            decode(content, Limits(megapixels=5))
            decode_animation(content, Limits(megapixels=5))
        else:
            read(content)
    except Refusal:
        return


def read(content: bytes) -> None:
    from cutout.media.video.reader import VideoReader

    limits = VideoLimits(megapixels=1, minutes=1)
    with VideoReader(io.BytesIO(content), limits) as reader:
        for number, _ in enumerate(reader.read()):
            if number == 60:
                return


def main(kind: str, seed: str, seconds: str) -> int:
    sound(kind)
    replay(kind, -1)
    limit_memory(MEMORY_BYTES)
    end, case, count = time.monotonic() + float(seconds), int(seed) * 1_000_000, 0
    while time.monotonic() < end:
        sys.stdout.write(f"{case}\n")
        sys.stdout.flush()
        replay(kind, case)
        case, count = case + 1, count + 1
    sys.stdout.write(f"{count} {kind}s read or refused by name.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
