import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutout.arrays import Floats, Pixels
from cutout.choices import VIDEO_OUTPUTS, Output
from cutout.errors import InvalidOption, NoSubject
from cutout.limits import VideoLimits
from cutout.options import Options
from cutout.saliency.detector import Detector
from cutout.video_pipeline import Progress, VideoResult, remove_video_background
from tests.clips import Clip, decoded, make_clip, packets_of, seconds_of

LIMITS = VideoLimits()
SIDE = 96


class BrightEngine:
    """Finds its subject wherever red is bright."""

    def __init__(self, batch_size: int = 3, *, on_gpu: bool = True) -> None:
        self.batch_size, self.on_gpu = batch_size, on_gpu
        self.batches: list[int] = []

    def infer(self, batch: Pixels | Floats) -> Floats:
        self.batches.append(len(batch))
        return (batch[..., 0] > 128).astype(np.float32)


def walking(number: int, width: int, height: int) -> Pixels:
    """A red square that walks over green, 2 pixels a frame."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 1] = 180
    left = 8 + 2 * number
    image[height // 4 : 3 * height // 4, left : left + height // 2] = (255, 0, 0)
    return image


def clip_at(path: Path, **changes: object) -> Path:
    return make_clip(path, Clip(**{"width": SIDE, "height": SIDE, **changes}), walking)  # type: ignore[arg-type]


def removed(
    source: Path,
    folder: Path,
    options: Options,
    engine: BrightEngine | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    limits: VideoLimits = LIMITS,
) -> VideoResult:
    targets = {output: folder / f"out.{output}{output.video_ending}" for output in options.outputs}
    with source.open("rb") as file:
        return remove_video_background(
            file,
            options,
            lambda: Detector(engine or BrightEngine()),
            limits,
            targets,
            lambda name: Path(name).open("rb"),
            progress,
        )


def test_the_subject_stays_and_the_background_is_white(tmp_path: Path) -> None:
    source = clip_at(tmp_path / "a.mp4")
    result = removed(source, tmp_path, Options(outputs=(Output.MP4,)))
    (rendition,) = result.renditions
    assert (rendition.width, rendition.height, rendition.content_type) == (SIDE, SIDE, "video/mp4")
    for number, frame in enumerate(decoded(rendition.path)):
        rgb = frame.to_ndarray(format="rgb24").astype(int)
        left = 8 + 2 * number
        assert np.abs(rgb[30:66, left + 6 : left + 42] - (254, 0, 0)).mean() < 6
        assert np.abs(rgb[:16] - 255).mean() < 4
    assert result.report.frames_in == result.report.frames_out == 10
    assert (result.report.frames_lost, result.report.notes) == (0, ())
    assert result.report.seconds_in == result.report.seconds_out == 0.4
    assert result.verdict.subject_share == pytest.approx(0.25, abs=0.03)
    assert list(result.seconds) == ["decode", "resize", "motion", "saliency", "stabilise", "composite", "encode mp4"]


def test_all_outputs_come_from_one_pass_of_the_net(tmp_path: Path) -> None:
    source = clip_at(tmp_path / "a.mp4", sound=[("aac", "eng")])
    engine = BrightEngine()
    result = removed(source, tmp_path, Options(outputs=VIDEO_OUTPUTS), engine)
    assert sum(engine.batches) == 10
    paths = {rendition.output: rendition.path for rendition in result.renditions}
    assert set(paths) == set(VIDEO_OUTPUTS)
    matte = decoded(paths[Output.MASK])[4].to_ndarray(format="rgb24")[..., 0].astype(int)
    webm = decoded(paths[Output.WEBM], alpha=True)[4].to_ndarray(format="rgba")[..., 3].astype(int)
    mov = decoded(paths[Output.MOV])[4].to_ndarray(format="rgba")[..., 3].astype(int)
    assert np.abs(matte - webm).mean() < 3
    assert np.abs(matte - mov).mean() < 3
    assert matte[30:66, 24:56].min() > 250
    assert matte[:16].max() < 5
    for output, path in paths.items():
        with av.open(str(path)) as container:
            assert len(container.streams.audio) == (output is not Output.MASK)


def test_the_net_gets_as_many_frames_at_once_as_it_likes(tmp_path: Path) -> None:
    engine = BrightEngine(batch_size=4)
    removed(clip_at(tmp_path / "a.mp4"), tmp_path, Options(outputs=(Output.MASK,)), engine)
    assert engine.batches == [4, 4, 2]


def test_on_a_cpu_the_net_sees_key_frames_alone_and_the_report_says_how_many(tmp_path: Path) -> None:
    def still(_number: int, width: int, height: int) -> Pixels:
        return walking(4, width, height)

    engine = BrightEngine(on_gpu=False)
    source = make_clip(tmp_path / "a.mp4", Clip(width=SIDE, height=SIDE, sound=[("aac", "eng")]), still)
    result = removed(source, tmp_path, Options(outputs=(Output.MP4, Output.MASK)), engine)
    assert result.report.frames_seen == len(engine.batches) < 10
    assert len(decoded(result.renditions[0].path)) == result.report.frames_out == 10
    for matte in decoded(result.renditions[1].path):
        grey = matte.to_ndarray(format="rgb24")[..., 0]
        assert grey[30:66, 24:56].min() > 250
        assert grey[:16].max() < 5
    assert packets_of(result.renditions[0].path) == packets_of(source)


def test_time_and_sound_are_the_source_s(tmp_path: Path) -> None:
    pts = (0, 40, 73, 140, 141, 400, 433)
    source = clip_at(tmp_path / "a.mp4", pts=pts, time_base=Fraction(1, 1000), sound=[("aac", "eng")])
    result = removed(source, tmp_path, Options(outputs=(Output.MP4, Output.WEBM)))
    for rendition in result.renditions:
        assert seconds_of(decoded(rendition.path)) == pytest.approx(seconds_of(decoded(source)), abs=0.001)
    assert packets_of(result.renditions[0].path) == packets_of(source)


@pytest.mark.parametrize("count", [1, 2])
def test_a_very_short_video_is_a_video(tmp_path: Path, count: int) -> None:
    source = clip_at(tmp_path / "a.mp4", pts=tuple(range(count)))
    assert removed(source, tmp_path, Options(outputs=(Output.MP4,))).report.frames_out == count


def test_a_video_lies_behind_a_video(tmp_path: Path) -> None:
    behind = make_clip(tmp_path / "behind.mp4", Clip(), lambda _n, w, h: np.full((h, w, 3), (0, 0, 200), np.uint8))
    options = Options().updated({"outputs": "mp4,webm", "background": f"key:{behind}"})
    for rendition in removed(clip_at(tmp_path / "a.mp4"), tmp_path, options).renditions:
        rgb = decoded(rendition.path)[3].to_ndarray(format="rgb24").astype(int)
        assert np.abs(rgb[:16] - (0, 0, 200)).mean() < 6


def test_what_was_transparent_stays_transparent(tmp_path: Path) -> None:
    def half(number: int, width: int, height: int) -> Pixels:
        rgba = np.dstack([walking(number, width, height), np.full((height, width), 255, np.uint8)])
        rgba[: height // 2, :, 3] = 0
        return rgba

    clip = Clip(codec="libvpx-vp9", layout="yuva420p", width=SIDE, height=SIDE, options={"crf": "10", "b": "0"})
    source = make_clip(tmp_path / "a.webm", clip, half)
    result = removed(source, tmp_path, Options(outputs=(Output.WEBM,)))
    alpha = decoded(result.renditions[0].path, alpha=True)[4].to_ndarray(format="rgba")[..., 3]
    assert alpha[:44].max() < 8
    assert alpha[52:66, 24:56].min() > 245


def test_progress_is_told_after_each_frame(tmp_path: Path) -> None:
    told: list[Progress] = []
    removed(clip_at(tmp_path / "a.mp4"), tmp_path, Options(outputs=(Output.MP4,)), progress=told.append)
    assert told == [Progress(number, 10) for number in range(1, 11)]


@pytest.mark.parametrize("stage", ["net", "encode", "progress"])
def test_an_error_leaves_nothing_behind(tmp_path: Path, stage: str) -> None:
    """No half of an output, no thread, and the output of an earlier call untouched."""

    class Failing(BrightEngine):
        def infer(self, batch: Pixels | Floats) -> Floats:
            if stage == "net" and self.batches:
                raise RuntimeError(stage)
            return super().infer(batch)

    def tell(progress: Progress) -> None:
        if progress.frames_done == 5 and stage == "progress":
            raise RuntimeError(stage)

    source = clip_at(tmp_path / "a.mp4", pts=tuple(range(30)))
    folder = tmp_path / "out"
    folder.mkdir()
    earlier = folder / "out.mp4.mp4"
    earlier.write_bytes(b"of an earlier call")
    if stage == "encode":
        (folder / ".out.webm.webm.part").mkdir()  # where the WebM would be written
    before = threading.active_count()
    with pytest.raises((RuntimeError, OSError)):
        removed(source, folder, Options(outputs=(Output.MP4, Output.WEBM)), Failing(), tell)
    assert earlier.read_bytes() == b"of an earlier call"
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["out.mp4.mp4"]
    assert threading.active_count() == before


def test_a_video_without_a_subject_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(), lambda _n, w, h: np.zeros((h, w, 3), np.uint8))
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(NoSubject):
        removed(source, folder, Options(outputs=(Output.MP4,)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("asked", [{"outputs": "png"}, {"outputs": "mp4", "crop": "subject:5%"}])
def test_what_a_video_can_not_be_is_refused_before_it_is_read(tmp_path: Path, asked: dict[str, str]) -> None:
    with pytest.raises(InvalidOption):
        removed(clip_at(tmp_path / "a.mp4"), tmp_path, Options().updated(asked))


def test_a_damaged_video_s_report_says_what_was_lost(tmp_path: Path) -> None:
    whole = clip_at(tmp_path / "a.mkv", pts=tuple(range(100)), options={"crf": "1", "preset": "ultrafast"})
    short = tmp_path / "short.mkv"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    report = removed(short, tmp_path, Options(outputs=(Output.MP4,))).report
    assert report.frames_out == report.frames_in < 100
    assert report.frames_in + report.frames_lost == 100
    assert report.notes


def test_a_ten_bit_clip_comes_out_in_ten_bits(tmp_path: Path) -> None:
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 18, "color_range": 1}
    options = {"x265-params": "log-level=none"}
    source = clip_at(tmp_path / "a.mp4", codec="libx265", layout="yuv420p10le", options=options, tags=tags)
    result = removed(source, tmp_path, Options(outputs=(Output.MP4,)))
    frame = decoded(result.renditions[0].path)[4]
    assert frame.format.name == "yuv420p10le"
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (9, 9, 18)


@pytest.mark.parametrize(
    "name", ["video_90.mov", "transparent.webm", "no_duration.webm", "unordered.mov", "corrupted.mp4"]
)
def test_real_clips_come_through(tmp_path: Path, reference_data: Path, name: str) -> None:
    """A real clip, and a pretended net: what is looked at is all around it."""

    class Middle(BrightEngine):
        def infer(self, batch: Pixels | Floats) -> Floats:
            found = np.zeros(batch.shape[:3], np.float32)
            found[:, 80:240, 80:240] = 1
            return found

    source = reference_data / "video" / name
    result = removed(source, tmp_path, Options(outputs=(Output.MP4, Output.WEBM)), Middle())
    for rendition in result.renditions:
        frames = decoded(rendition.path)
        assert len(frames) == result.report.frames_in == result.report.frames_out
        assert seconds_of(frames) == sorted(set(seconds_of(frames)))
    if name == "video_90.mov":
        assert (result.renditions[0].width, result.renditions[0].height) == (320, 568)
    assert (result.report.frames_lost > 0) == (name == "corrupted.mp4")
