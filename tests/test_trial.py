"""If these fail, a photo that crashes its decoder takes the function down again and again, or a sound one is lost."""

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.choices import Frames
from cutout.errors import UnreadableImage
from cutout.limits import Limits
from cutout.media.png import encode_png
from cutout.trial import CONVINCING_SECONDS, TrialFailed, try_decoding

MEMORY_BYTES = 1024 << 20
POISON = """
import os, signal
import cutout.media.signature as signature
recognise = signature.recognise
def poisoned(data):
    if b"SEGFAULT" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    return recognise(data)
signature.recognise = poisoned
"""


@pytest.fixture
def poison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python that is started from here on dies of a file with SEGFAULT in it."""
    (tmp_path / "sitecustomize.py").write_text(POISON)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


def tried(content: bytes, frames: Frames = Frames.FIRST, memory_bytes: int = MEMORY_BYTES, seconds: float = 60) -> None:
    try_decoding(content, frames, Limits(), memory_bytes, seconds)


def photo(width: int, height: int) -> bytes:
    return encode_png(np.zeros((height, width, 3), np.uint8))


def endless() -> bytes:
    """A JPEG of 8 x 8 pixels and 24 MB, which takes minutes: Pillow copies all EXIF at each piece that is added."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    start, rest = buffer.getvalue()[:2], buffer.getvalue()[2:]
    return start + b"\xff\xe1\0\x0aExif\0\0??" * 2_000_000 + rest


@pytest.mark.parametrize("frames", list(Frames))
def test_what_can_be_decoded_passes_and_what_is_refused_is_left_to_the_function(frames: Frames) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")])
    for content in (photo(4000, 3000), buffer.getvalue(), b"", b"a letter"):
        tried(content, frames)


def test_what_is_damaged_is_not_decoded_again() -> None:
    with pytest.raises(UnreadableImage, match="damaged or cut short"):
        tried(photo(400, 400)[:100])


@pytest.mark.usefixtures("poison")
def test_what_kills_its_decoder_is_refused_by_name() -> None:
    with pytest.raises(UnreadableImage, match="crashes"):
        tried(b"SEGFAULT")


def test_what_is_decoded_for_ever_is_refused_by_name() -> None:
    begin = time.monotonic()
    with pytest.raises(UnreadableImage, match="longer than 10 s"):
        tried(endless(), seconds=CONVINCING_SECONDS)
    assert time.monotonic() - begin < 30
    with pytest.raises(TrialFailed):
        tried(endless(), seconds=1)


def test_what_takes_more_memory_than_there_is_is_refused_by_name() -> None:
    with pytest.raises(UnreadableImage, match="more than 21 MB"):
        tried(photo(5000, 5000), memory_bytes=20 << 20)


def test_a_trial_that_could_not_be_held_says_nothing_of_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(TrialFailed):
        tried(photo(40, 40))
