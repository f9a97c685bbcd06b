"""A video is read and written again, as the pipeline does it, without a change to its frames."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutout.limits import VideoLimits
from cutout.media.video.formats import VideoFormat, encoding
from cutout.media.video.layouts import bits_of
from cutout.media.video.reader import Frame, TrackPacket, VideoReader
from cutout.media.video.tracks import is_encoded
from cutout.media.video.writer import VideoWriter
from tests.clips import Clip, decoded, frame_of, make_clip, packets_of, picture, seconds_of, tone

TONE = 440


def rewritten(source: Path, target: Path, video_format: VideoFormat) -> VideoWriter:
    """`source` as `target`, by way of reader and writer."""
    with source.open("rb") as file, VideoReader(file, VideoLimits()) as reader:
        tracks = {track.index for track in reader.tracks if is_encoded(track, video_format)}
        items = list(reader.read(tracks))
        frames = [item for item in items if isinstance(item, Frame)]
        how = encoding(video_format, bits=bits_of(frames[0].picture.format.name), alpha=False, gpu=False)

        def encodable(frame: Frame) -> av.VideoFrame:
            picture = frame.picture.reformat(format=how.layout)
            picture.pts, picture.time_base = frame.pts, reader.header.time_base
            frame.tags.put_on(picture)
            return picture

        first = encodable(frames[0])
        with VideoWriter(target, video_format, how, reader, first, with_tracks=True) as writer:
            for item in items:
                if isinstance(item, TrackPacket):
                    writer.write_packet(item)
                else:
                    writer.write_frame(encodable(item), item.duration)
            writer.close()
    return writer


ANY_FORMAT = pytest.mark.parametrize("video_format", list(VideoFormat))


@ANY_FORMAT
def test_times_are_kept(tmp_path: Path, video_format: VideoFormat) -> None:
    """To the millisecond, which is what WebM counts in."""
    pts = (0, 40, 73, 140, 141, 400, 433)
    source = make_clip(tmp_path / "a.mp4", Clip(pts=pts, time_base=Fraction(1, 1000)))
    target = tmp_path / f"b.{video_format.value}"
    writer = rewritten(source, target, video_format)
    assert writer.frames_out == len(pts)
    assert [round(second * 1000) for second in seconds_of(decoded(target))] == list(pts)


def test_the_last_frame_is_shown_as_long_as_in_the_source(tmp_path: Path) -> None:
    """A slide at the end of a screen recording is one long frame."""
    source = make_clip(tmp_path / "a.mp4", Clip(pts=(0, 1, 2), time_base=Fraction(1, 1)))
    target = tmp_path / "b.mp4"
    rewritten(source, target, VideoFormat.MP4)
    with av.open(str(source)) as before, av.open(str(target)) as after:
        durations = [float(c.streams.video[0].duration * c.streams.video[0].time_base) for c in (before, after)]
    assert durations[0] == pytest.approx(durations[1], abs=0.001)
    assert durations[1] >= 2


@pytest.mark.parametrize("offset", [-7, 0, 900])
def test_what_begins_late_begins_late(tmp_path: Path, offset: int) -> None:
    pts = tuple(offset + number * 40 for number in range(6))
    source = make_clip(tmp_path / "a.mkv", Clip(pts=pts, time_base=Fraction(1, 1000), sound=[("aac", "eng")]))
    target = tmp_path / "b.mp4"
    rewritten(source, target, VideoFormat.MP4)
    assert seconds_of(decoded(target)) == pytest.approx(seconds_of(decoded(source)), abs=0.001)


def test_sound_that_the_container_holds_is_the_same_to_the_byte(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(pts=tuple(range(50)), sound=[("aac", "eng"), ("aac", "deu")]))
    for video_format in (VideoFormat.MP4, VideoFormat.MOV):
        target = tmp_path / f"b.{video_format.value}"
        assert rewritten(source, target, video_format).notes == []
        for number in (0, 1):
            assert packets_of(target, number) == packets_of(source, number)


def test_languages_and_chapters_are_kept(tmp_path: Path) -> None:
    chapters = [
        {"id": 1, "start": 0, "end": 1000, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}},
        {"id": 2, "start": 1000, "end": 2000, "time_base": Fraction(1, 1000), "metadata": {"title": "Two"}},
    ]
    clip = Clip(
        pts=tuple(range(50)), sound=[("aac", "eng"), ("aac", "deu")], chapters=chapters, metadata={"title": "T"}
    )
    source = make_clip(tmp_path / "a.mp4", clip)
    for video_format in VideoFormat:
        target = tmp_path / f"b.{video_format.value}"
        rewritten(source, target, video_format)
        with av.open(str(target)) as container:
            german = "ger" if video_format is VideoFormat.MOV else "deu"
            assert [stream.language for stream in container.streams.audio] == ["eng", german]
            found = [(c["metadata"]["title"], float(c["start"] * c["time_base"])) for c in container.chapters()]
            assert found == [("One", 0), ("Two", 1)]
            assert {name.lower(): text for name, text in container.metadata.items()}["title"] == "T"


@pytest.mark.parametrize(
    ("ending", "codec", "video_format", "becomes"),
    [
        ("mp4", "aac", VideoFormat.WEBM, "opus"),
        ("mkv", "pcm_s16le", VideoFormat.MP4, "aac"),
        ("mkv", "libopus", VideoFormat.MOV, "pcm_s16le"),
        ("mkv", "libopus", VideoFormat.MP4, "opus"),
        ("mkv", "libopus", VideoFormat.WEBM, "opus"),
    ],
)
def test_sound_stays_in_time_whatever_it_becomes(
    tmp_path: Path, ending: str, codec: str, video_format: VideoFormat, becomes: str
) -> None:
    source = make_clip(tmp_path / f"a.{ending}", Clip(pts=tuple(range(50)), sound=[(codec, "eng")]))
    target = tmp_path / f"b.{video_format.value}"
    rewritten(source, target, video_format)
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == becomes
        frames = list(container.decode(audio=0))
    wave = np.concatenate([frame.to_ndarray().reshape(-1, order="F")[::2][: frame.samples] for frame in frames])
    begin = float(frames[0].pts * frames[0].time_base)
    seconds = sum(frame.samples for frame in frames) / frames[0].sample_rate
    assert begin == pytest.approx(0, abs=0.03)
    assert seconds == pytest.approx(2, abs=0.06)
    peak = np.abs(np.fft.rfft(wave[: len(wave) // 2].astype(float))).argmax() * frames[0].sample_rate
    assert peak / (len(wave) // 2) == pytest.approx(TONE, rel=0.03)


def test_a_gap_in_sound_that_is_encoded_anew_stays_a_gap(tmp_path: Path) -> None:
    """Without it, all sound after the gap comes too early."""
    source = tmp_path / "a.mkv"
    clip = Clip(pts=tuple(range(75)))
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height = clip.width, clip.height
        sound = container.add_stream("pcm_s16le", rate=48000, layout="stereo")
        for number in clip.pts:
            container.mux(video.encode(frame_of(clip, picture(number, 64, 48), number)))
        container.mux(video.encode(None))
        for frame in tone(3):
            if not 48000 <= frame.pts < 96000:
                container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    target = tmp_path / "b.webm"
    rewritten(source, target, VideoFormat.WEBM)
    with av.open(str(target)) as container:
        frames = list(container.decode(audio=0))
    end = frames[-1].pts * frames[-1].time_base + Fraction(frames[-1].samples, frames[-1].sample_rate)
    assert float(end) == pytest.approx(3, abs=0.06)


def test_pixels_that_are_not_square_are_kept(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(sample_aspect_ratio=Fraction(4, 3)))
    for video_format in (VideoFormat.MP4, VideoFormat.MOV):
        target = tmp_path / f"b.{video_format.value}"
        rewritten(source, target, video_format)
        with av.open(str(target)) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


@ANY_FORMAT
def test_colour_tags_are_kept(tmp_path: Path, video_format: VideoFormat) -> None:
    """Without them HDR from a phone looks grey."""
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 18, "color_range": 1}
    options = {"x265-params": "log-level=none"}
    source = make_clip(tmp_path / "a.mp4", Clip(codec="libx265", layout="yuv420p10le", options=options, tags=tags))
    target = tmp_path / f"b.{video_format.value}"
    rewritten(source, target, video_format)
    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (9, 9, 18)
        if video_format is VideoFormat.MP4:
            assert context.format.name == "yuv420p10le"
            assert context.name == "hevc"


def test_timecode_is_kept(tmp_path: Path) -> None:
    """Editors find the take by it."""
    source = make_clip(tmp_path / "a.mov", Clip(metadata={"timecode": "01:02:03:04"}))
    target = tmp_path / "b.mov"
    rewritten(source, target, VideoFormat.MOV)
    with av.open(str(target)) as container:
        assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"


def test_where_somebody_was_is_not_kept(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mov", Clip(metadata={"location": "+48.1374+011.5755/"}))
    target = tmp_path / "b.mp4"
    rewritten(source, target, VideoFormat.MP4)
    assert b"+48.1374" in source.read_bytes()
    assert b"+48.1374" not in target.read_bytes()


@pytest.mark.parametrize(
    ("rate", "layout", "becomes"),
    [
        (192000, "stereo", (96000, 2)),
        (12345, "mono", (16000, 1)),
        (48000, "2.1", (48000, 3)),
        (44100, "quad", (44100, 4)),
    ],
)
def test_sound_of_any_rate_and_layout_is_encoded(
    tmp_path: Path, rate: int, layout: str, becomes: tuple[int, int]
) -> None:
    source = tmp_path / "a.mkv"
    clip = Clip(pts=tuple(range(25)))
    channels = av.AudioLayout(layout).nb_channels
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height = clip.width, clip.height
        sound = container.add_stream("pcm_s16le", rate=rate, layout=layout)
        for number in clip.pts:
            container.mux(video.encode(frame_of(clip, picture(number, 64, 48), number)))
        container.mux(video.encode(None))
        samples = np.full((1, rate * channels), 1000, np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    target = tmp_path / "b.mp4"
    rewritten(source, target, VideoFormat.MP4)
    with av.open(str(target)) as container:
        context = container.streams.audio[0].codec_context
        assert (context.sample_rate, context.layout.nb_channels) in (becomes, (becomes[0], 2))
        assert sum(frame.samples for frame in container.decode(audio=0)) / context.sample_rate == pytest.approx(
            1, abs=0.1
        )


def test_damaged_sound_does_not_end_a_video_whose_frames_are_whole(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(pts=tuple(range(50)), sound=[("aac", "eng")]))
    with source.open("rb") as file, VideoReader(file, VideoLimits()) as reader:
        items = list(reader.read())
        frames = [item for item in items if isinstance(item, Frame)]
        how = encoding(VideoFormat.MP4, bits=8, alpha=False, gpu=False)
        target = tmp_path / "b.mp4"
        with VideoWriter(target, VideoFormat.MP4, how, reader, frames[0].picture, with_tracks=True) as writer:
            for item in items:
                if isinstance(item, TrackPacket):
                    writer.write_packet(item)
                    writer.write_packet(item)  # a second one at the same time, which no container takes
                else:
                    writer.write_frame(item.picture, item.duration)
            writer.close()
    assert len(decoded(target)) == 50
    assert len(packets_of(target)) == pytest.approx(len(packets_of(source)), abs=1)
    assert any("damaged" in note for note in writer.notes)


@pytest.fixture
def real_clip(reference_data: Path) -> Callable[[str], Path]:
    return lambda name: reference_data / "video" / name


def test_real_sound_is_the_same_to_the_byte(tmp_path: Path, real_clip: Callable[[str], Path]) -> None:
    for name, video_format in (
        ("flipping_a_pancake.mkv", VideoFormat.MP4),
        ("fire2.mp4", VideoFormat.MOV),
        ("no_duration.webm", VideoFormat.WEBM),
    ):
        target = tmp_path / f"{name}.{video_format.value}"
        rewritten(real_clip(name), target, video_format)
        assert packets_of(target) == packets_of(real_clip(name))
        assert seconds_of(decoded(target)) == pytest.approx(seconds_of(decoded(real_clip(name))), abs=0.001)
