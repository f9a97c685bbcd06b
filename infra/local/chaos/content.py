"""Small files of every kind, some of them broken."""

import io
from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random

import av
import skimage.data
from PIL import Image, ImageEnhance

from infra.local.clip import HEIGHT, RATE, WIDTH, frames

CLIP_FRAMES = 3
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")


def photo(random: Random) -> bytes:
    """A photo with a subject, 160 pixels wide, different each time."""
    picture = random.choice(_photos())
    picture = ImageEnhance.Brightness(picture).enhance(random.uniform(0.9, 1.1))
    return encoded(picture, random.choice(FORMATS))


def encoded(picture: Image.Image, format_name: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name)
    return buffer.getvalue()


@cache
def _photos() -> list[Image.Image]:
    """By Rachel Michetti, Stéfan van der Walt and NASA, all in the public domain."""
    photos = [
        Image.fromarray(each) for each in (skimage.data.coffee(), skimage.data.chelsea(), skimage.data.astronaut())
    ]
    return [each.resize((160, 160 * each.height // each.width)) for each in photos]


@cache
def clip(number: int) -> bytes:
    """An MP4 of 3 frames, different for each `number` below 10."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in islice(frames(), number, number + CLIP_FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def broken_files() -> Iterator[tuple[str, bytes, str]]:
    """Name, content and the code of the refusal."""
    whole = {name: encoded(_photos()[0], name) for name in ("JPEG", "PNG", "WEBP")}
    yield "empty.jpg", b"", "empty_file"
    yield "letter.jpg", b"Dear Sir or Madam", "unsupported_format"
    yield "half.png", whole["PNG"][: len(whole["PNG"]) // 2], "unreadable_image"
    yield "half.webp", whole["WEBP"][: len(whole["WEBP"]) // 2], "unreadable_image"
    yield "header.jpg", whole["JPEG"][:20], "unreadable_image"
    yield "bomb.gif", b"GIF89a" + bytes.fromhex("d001d001") * 2 + bytes(31), "unreadable_image"
    yield "flat.png", encoded(Image.new("RGB", (64, 64)), "PNG"), "no_subject"


def odd_keys() -> list[str]:
    return ["a+b 100% ü", "-dash", "照片 %2B", "quote'\"<&>", "deep//er/./", "tab\tand\\back", "🙂" * 20, "x" * 900]
