import io
from pathlib import Path

import av
import pytest

from cutout.errors import (
    EmptyFile,
    NoVideoStream,
    Refusal,
    TooLong,
    TooManyBytes,
    TooManyPixels,
    UnreadableVideo,
    UnsupportedFormat,
)
from cutout.limits import VideoLimits
from cutout.media.video.opening import open_container, read_header, seconds_in_header, video_stream
from tests.clips import Clip, make_clip, tone

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


LIMITS = VideoLimits()


def opened(content: bytes, limits: VideoLimits = LIMITS) -> None:
    with open_container(io.BytesIO(content), limits) as container:
        read_header(container, video_stream(container), limits)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", EmptyFile),
        (b"hello, world\n" * 50, UnreadableVideo),
        (JPEG, UnsupportedFormat),
        (HEIC, UnsupportedFormat),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", UnreadableVideo),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", UnreadableVideo),
        (bytes(5000), UnreadableVideo),
    ],
)
def test_what_is_no_video_is_refused_by_name(content: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        opened(content)


def test_a_script_that_names_other_files_reads_none_of_them(tmp_path: Path) -> None:
    """Such a script, named .mp4, would carry another file's content into the output."""
    secret = make_clip(tmp_path / "secret.mp4", Clip())
    script = f"ffconcat version 1.0\nfile '{secret}'\n".encode()
    with pytest.raises(UnreadableVideo):
        opened(script)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="stereo")
        for frame in tone(0.5):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(NoVideoStream, match="audio"):
        opened(path.read_bytes())


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (VideoLimits(megabytes=0.0001), TooManyBytes),
        (VideoLimits(megapixels=0.003), TooManyPixels),
        (VideoLimits(minutes=0.005), TooLong),
    ],
)
def test_what_is_above_the_limits_is_refused_by_its_header(
    tmp_path: Path, limits: VideoLimits, refusal: type[Refusal]
) -> None:
    content = make_clip(tmp_path / "a.mp4", Clip()).read_bytes()
    opened(content)
    with pytest.raises(refusal):
        opened(content, limits)


def test_an_mp4_without_its_index_is_refused(tmp_path: Path) -> None:
    """An upload that broke off has the pictures and not the index that tells where they are."""
    whole = make_clip(tmp_path / "a.mp4", Clip()).read_bytes()
    with pytest.raises(UnreadableVideo):
        opened(whole[: whole.index(b"moov")])


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "avi", "ts", "webm"])
def test_length_and_rate_are_in_the_header(tmp_path: Path, ending: str) -> None:
    codec = "libvpx" if ending == "webm" else "libx264"
    path = make_clip(tmp_path / f"a.{ending}", Clip(codec=codec, pts=tuple(range(50)), options={}))
    with path.open("rb") as file, open_container(file, LIMITS) as container:
        header = read_header(container, video_stream(container), LIMITS)
    assert (header.width, header.height) == (64, 48)
    assert header.seconds_from_header == pytest.approx(2, abs=0.1)
    assert header.frames_from_header == pytest.approx(50, abs=2)
    assert seconds_in_header(path) == header.seconds_from_header
