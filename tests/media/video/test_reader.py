import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cutout.arrays import Pixels
from cutout.errors import NoFrames, TooLong, TooManyPixels, UnreadableVideo
from cutout.limits import VideoLimits
from cutout.media.video.layouts import planes
from cutout.media.video.reader import Frame, TrackPacket, VideoReader
from tests.clips import Clip, decoded, make_clip, picture, seconds_of

LIMITS = VideoLimits()
RATE = 25
LARGE: dict[str, Any] = {"width": 320, "height": 240, "pts": tuple(range(60))}


def noise(number: int, width: int, height: int) -> Pixels:
    return np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)


def read(path: Path, limits: VideoLimits = LIMITS) -> tuple[list[Frame], VideoReader]:
    with path.open("rb") as file, VideoReader(file, limits) as reader:
        return [item for item in reader.read() if isinstance(item, Frame)], reader


def rgb(frame: Frame) -> Pixels:
    return frame.picture.to_ndarray(format="rgb24")


def test_each_frame_comes_with_its_own_time(tmp_path: Path) -> None:
    """Phones record at a variable rate: at a constant one, sound and picture drift apart."""
    pts = (0, 40, 73, 140, 141, 400, 433)
    clip = make_clip(tmp_path / "a.mp4", Clip(pts=pts, time_base=Fraction(1, 1000)))
    frames, reader = read(clip)
    tb = reader.header.time_base
    assert [round(float(frame.pts * tb) * 1000) for frame in frames] == list(pts)
    assert reader.frames_lost == 0
    assert reader.notes == ()


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frames_are_upright(tmp_path: Path, degrees: int) -> None:
    flat, _ = read(make_clip(tmp_path / "flat.mp4", Clip()))
    frames, _ = read(make_clip(tmp_path / "turned.mp4", Clip(display_rotation=degrees)))
    expected = np.rot90(rgb(flat[3]), degrees // 90)
    assert rgb(frames[3]).shape == expected.shape
    assert np.abs(rgb(frames[3]).astype(int) - expected).mean() < 3


def test_pixels_that_are_not_square_lie_with_their_frame(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", Clip(display_rotation=90, sample_aspect_ratio=Fraction(4, 3)))
    _, reader = read(clip)
    assert reader.sample_aspect_ratio == Fraction(3, 4)


def test_chroma_of_422_is_as_wide_as_high_before_a_quarter_turn(tmp_path: Path) -> None:
    clip = Clip(layout="yuv422p10le", codec="prores_ks", options={}, display_rotation=90)
    frames, _ = read(make_clip(tmp_path / "a.mov", clip))
    assert frames[0].picture.format.name == "yuv444p10le"
    expected = np.rot90(picture(0, 64, 48)[..., :3])
    assert np.abs(rgb(frames[0]).astype(int) - expected).mean() < 4


def test_samples_are_those_of_the_decoder(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", Clip())
    frames, _ = read(clip)
    for ours, theirs in zip(frames, decoded(clip), strict=True):
        for one, other in zip(planes(ours.picture), planes(theirs), strict=True):
            np.testing.assert_array_equal(one, other)


def test_ten_bits_stay_ten(tmp_path: Path) -> None:
    clip = Clip(codec="libx265", layout="yuv420p10le", options={"x265-params": "log-level=none"})
    frames, _ = read(make_clip(tmp_path / "a.mp4", clip))
    assert frames[0].picture.format.name == "yuv420p10le"


def test_alpha_of_webm_is_kept(tmp_path: Path) -> None:
    clip = Clip(codec="libvpx-vp9", layout="yuva420p", options={"crf": "10", "b": "0"})
    frames, _ = read(make_clip(tmp_path / "a.webm", clip))
    alpha = planes(frames[5].picture)[3]
    assert np.abs(alpha.astype(int) - picture(5, 64, 48)[..., 3]).mean() < 3


def test_interlaced_frames_become_whole_ones_at_the_same_times(tmp_path: Path) -> None:
    """A comb at every moving edge would be cut out with the subject."""

    def moving(number: int, width: int, height: int) -> Pixels:
        def at(field: int) -> Pixels:
            image = np.zeros((height, width, 3), np.uint8)
            left = 4 + 2 * (2 * number + field)
            image[:, left : left + 16] = 255
            return image

        woven = at(0)
        woven[1::2] = at(1)[1::2]
        return woven

    options = {"crf": "1", "preset": "ultrafast", "x264-params": "tff=1"}
    clip = make_clip(tmp_path / "a.mp4", Clip(options=options, pts=tuple(range(8))), moving)
    assert decoded(clip)[2].interlaced_frame
    frames, reader = read(clip)
    assert len(frames) == 8
    assert [frame.pts for frame in frames] == [frame.pts for frame in decoded(clip)]
    assert reader.frames_lost == 0

    def combs(image: Pixels) -> float:
        luma = image[..., 0].astype(int)
        return float(np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2).mean())

    assert combs(rgb(frames[3])) < combs(decoded(clip)[3].to_ndarray(format="rgb24")) / 4


def test_sound_comes_with_the_frames(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", Clip(sound=[("aac", "eng"), ("aac", "deu")]))
    with clip.open("rb") as file, VideoReader(file, LIMITS) as reader:
        items = list(reader.read(decoded_tracks={1}))
    packets = [item for item in items if isinstance(item, TrackPacket)]
    assert {item.track for item in packets} == {1, 2}
    assert any(item.frames for item in packets if item.track == 1)
    assert not any(item.frames for item in packets if item.track == 2)


def test_a_file_cut_short_is_read_as_far_as_it_goes_and_said_to_be_short(tmp_path: Path) -> None:
    """MKV ends without an error: an archive of cut clips would look complete."""
    whole = make_clip(tmp_path / "a.mkv", Clip(pts=tuple(range(100)), time_base=Fraction(1, RATE)))
    short = tmp_path / "short.mkv"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames, reader = read(short)
    assert 0 < len(frames) < 100
    assert len(frames) + reader.frames_lost == 100
    assert any("ends" in note for note in reader.notes)


def test_damage_in_the_middle_is_counted(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Clip(**LARGE, options={"crf": "10", "g": "10", "bf": "0"}))
    content = bytearray(whole.read_bytes())
    middle = content.index(b"mdat") + len(content) // 2
    content[middle : middle + 20000] = bytes(20000)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)
    frames, reader = read(damaged)
    assert 0 < len(frames) <= 60
    assert len(frames) + reader.frames_lost == 60
    assert reader.notes


def test_a_transport_stream_with_damage_is_read_on(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.ts", Clip(**LARGE, options={"crf": "20", "g": "10"}))
    content = bytearray(whole.read_bytes())
    random = np.random.default_rng(1)
    for place in random.integers(len(content) // 3, len(content), 200):
        content[place] ^= 255
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(content)
    frames, reader = read(damaged)
    assert frames
    assert reader.notes


def test_frames_of_another_size_are_scaled_to_the_first(tmp_path: Path) -> None:
    """Calls and broadcasts change their size on the way; no output can."""
    raw = {"codec": "libx264", "container": "h264"}
    one = make_clip(tmp_path / "one.h264", Clip(**raw)).read_bytes()
    two = make_clip(tmp_path / "two.h264", Clip(width=128, height=96, **raw)).read_bytes()
    both = tmp_path / "both.h264"
    both.write_bytes(one + two)
    joined = tmp_path / "both.ts"
    with av.open(str(both), format="h264") as source, av.open(str(joined), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(source.streams.video[0])):
            if packet.size:
                packet.stream = stream
                packet.pts = packet.dts = number
                packet.time_base = Fraction(1, RATE)
                target.mux(packet)
    frames, reader = read(joined)
    assert {(frame.picture.width, frame.picture.height) for frame in frames} == {(64, 48)}
    assert any("another size" in note for note in reader.notes)
    with pytest.raises(TooManyPixels):
        read(joined, VideoLimits(megapixels=0.01))


def test_two_recordings_in_one_file_follow_one_another(tmp_path: Path) -> None:
    """Cameras write them so. Neither the second's frames nor its sound may be lost or come at once."""
    part = make_clip(tmp_path / "part.ts", Clip(pts=tuple(range(50)), sound=[("aac", "eng")])).read_bytes()
    both = tmp_path / "both.ts"
    both.write_bytes(part + part)
    with both.open("rb") as file, VideoReader(file, LIMITS) as reader:
        items = list(reader.read())
        frames = [item for item in items if isinstance(item, Frame)]
        sound = [item.packet for item in items if isinstance(item, TrackPacket) and item.packet.dts is not None]
    assert len(frames) == 100
    seconds = (frames[-1].pts - frames[0].pts) * reader.header.time_base
    assert float(seconds) == pytest.approx(99 / RATE, abs=0.1)
    assert [packet.dts for packet in sound] == sorted({packet.dts for packet in sound})
    assert any("had no time" in note for note in reader.notes)


def test_a_length_that_the_header_hides_is_met_on_the_way(tmp_path: Path) -> None:
    """A live recording has no length in its header, and hours of it would run up a bill."""
    with av.open(str(tmp_path / "a.webm"), "w", container_options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=1)
        stream.width, stream.height = 64, 48
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(picture(number, 64, 48)[..., :3].copy(), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(TooLong):
        read(tmp_path / "a.webm", VideoLimits(minutes=1))


def test_no_frames_is_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", container_options={"movflags": "empty_moov"}) as container:
        container.add_stream("libx264", rate=RATE)
        container.start_encoding()
    with pytest.raises(NoFrames):
        read(path)


def test_frames_that_can_not_be_decoded_are_a_refusal(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Clip())
    content = bytearray(whole.read_bytes())
    start = content.index(b"mdat") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big") - 8
    content[start : start + length] = bytes(length)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)
    with pytest.raises(UnreadableVideo):
        read(damaged)


def test_an_error_of_the_file_is_its_own(tmp_path: Path) -> None:
    """A connection that breaks is retried; taken for damage, it would be refused for good."""
    content = make_clip(tmp_path / "a.mp4", Clip(**LARGE), noise).read_bytes()

    class Breaking(io.BytesIO):
        broken = False

        def read(self, size: int | None = -1) -> bytes:
            if self.broken and self.tell() > len(content) // 2:
                raise ConnectionError("broke off")
            return super().read(size)

    file = Breaking(content)
    with VideoReader(file, LIMITS) as reader:
        file.broken = True
        with pytest.raises(ConnectionError):
            list(reader.read())


REFERENCE = Path(__file__).parents[4] / "shared" / "data" / "video"


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="skipped: no reference data")
@pytest.mark.parametrize(
    ("name", "frames", "size", "lost"),
    [
        ("01_dog.mp4", 289, (1280, 720), 0),
        ("fire2.mp4", 25, (1280, 720), 0),
        ("flipping_a_pancake.mkv", 310, (426, 240), 0),
        ("video_90.mov", 3, (320, 568), 0),
        ("no_duration.webm", 74, (1280, 720), 0),
        ("transparent.webm", 150, (200, 200), 0),
        ("unordered.mov", 4, (50, 50), 0),
        ("corrupted.mp4", 49, (1280, 720), 1),
    ],
)
def test_real_clips(name: str, frames: int, size: tuple[int, int], lost: int) -> None:
    found, reader = read(REFERENCE / name)
    assert len(found) == frames
    assert (found[0].picture.width, found[0].picture.height) == size
    assert reader.frames_lost == lost
    times = [frame.pts for frame in found]
    assert times == sorted(set(times))
    if not lost:
        assert len(seconds_of([frame.picture for frame in found])) == frames
        assert reader.notes == ()
