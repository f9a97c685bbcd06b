"""What a video costs around its net, and in all. The figures are printed.

A GPU meets what is around the net: if that is slow, the GPU waits. If memory grows with the length of a clip, an hour
of video ends the job.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest
import skimage.data

from cutout.arrays import Floats, Pixels
from cutout.choices import Output
from cutout.limits import VideoLimits
from cutout.models import Model
from cutout.options import Options
from cutout.saliency.detector import Detector
from cutout.video_pipeline import VideoResult, remove_video_background
from tests.clips import Clip, make_clip

FLOOR_LIMIT_SECONDS = {(1280, 720): 0.020, (1920, 1080): 0.045}
FLOOR_FRAMES = 100
MEMORY_LIMIT_MEGABYTES = 800
NET_SHARE_LIMIT = 0.8
RUNS = 3

pytestmark = pytest.mark.benchmark


class FreeEngine:
    """Finds a subject of the usual size and softness, at no cost, as if a GPU did."""

    batch_size = 1
    on_gpu = True

    def __init__(self) -> None:
        disc = np.zeros((320, 320), np.float32)
        cv2.circle(disc, (160, 170), 90, 1, -1)
        self._map = cv2.GaussianBlur(disc, (0, 0), 2)

    def infer(self, batch: Pixels | Floats) -> Floats:
        return np.stack([self._map] * len(batch))


def panned(number: int, width: int, height: int) -> Pixels:
    """A photo that a camera pans over, 3 pixels a frame."""
    photo = cv2.resize(skimage.data.astronaut(), (width + 600, width + 600), interpolation=cv2.INTER_CUBIC)
    left = 3 * number % 600
    return photo[100 : 100 + height, left : left + width]


def clip_at(path: Path, width: int, height: int, frames: int) -> Path:
    """As a phone writes it: H.264, some 8 megabits a second, with sound."""
    options = {"crf": "23", "preset": "veryfast"}
    clip = Clip(width=width, height=height, pts=tuple(range(frames)), options=options, sound=[("aac", "eng")])
    return make_clip(path, clip, panned)


def removed(source: Path, detector: Detector, target: Path) -> VideoResult:
    with source.open("rb") as file:
        return remove_video_background(
            file,
            Options(outputs=(Output.MP4,)),
            lambda: detector,
            VideoLimits(),
            {Output.MP4: target},
            lambda name: Path(name).open("rb"),
            lambda _: None,
        )


@pytest.mark.parametrize(("width", "height"), list(FLOOR_LIMIT_SECONDS))
def test_floor_without_the_net(tmp_path: Path, width: int, height: int, report: Callable[[str], None]) -> None:
    source = clip_at(tmp_path / "a.mp4", width, height, FLOOR_FRAMES)
    detector = Detector(FreeEngine())
    spent, results = [], []
    for run in range(RUNS):
        begin = time.perf_counter()
        results.append(removed(source, detector, tmp_path / f"{run}.mp4"))
        spent.append((time.perf_counter() - begin) / FLOOR_FRAMES)
    stages = {stage: seconds / FLOOR_FRAMES * 1e3 for stage, seconds in results[-1].seconds.items()}
    report(
        f"{width} x {height} to MP4 without the net: {median(spent) * 1e3:.1f} ms a frame (median of {RUNS}),"
        f" at work: {', '.join(f'{stage} {ms:.1f}' for stage, ms in stages.items())}"
    )
    assert median(spent) < FLOOR_LIMIT_SECONDS[width, height]


def measured(source: Path, target: Path, model: Model | None) -> dict[str, float]:
    """Peak memory in megabytes, seconds in all and in the net, and frames, of a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.test_video", str(source), str(target), model or "free"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = ("megabytes", "seconds", "net_seconds", "frames")
    return dict(zip(names, map(float, printed.split()), strict=True))


def test_memory_does_not_grow_with_the_clip(tmp_path: Path, report: Callable[[str], None]) -> None:
    peaks = {}
    for frames in (100, 400):
        source = clip_at(tmp_path / f"{frames}.mp4", 640, 360, frames)
        peaks[frames] = measured(source, tmp_path / "out.mp4", None)["megabytes"]
    report(f"peak memory: {', '.join(f'{n} frames {peak:.0f} MB' for n, peak in peaks.items())}")
    assert peaks[400] < peaks[100] * 1.1


def test_u2net_at_1080p(tmp_path: Path, report: Callable[[str], None]) -> None:
    source = clip_at(tmp_path / "a.mp4", 1920, 1080, 24)
    found = measured(source, tmp_path / "out.mp4", Model.U2NET)
    share = found["net_seconds"] / found["seconds"]
    report(
        f"u2net, 1080p: {found['frames'] / found['seconds']:.2f} frames a second, {share:.0%} of the time"
        f" in the net, peak {found['megabytes']:.0f} MB"
    )
    assert found["megabytes"] < MEMORY_LIMIT_MEGABYTES
    assert share > NET_SHARE_LIMIT


def main(source: str, target: str, model: str) -> None:
    import os

    from cutout.saliency import engines
    from cutout.saliency.precision import Precision
    from cutout.settings import CommandLineSettings

    if model == "free":
        detector = Detector(FreeEngine())
    else:
        directory = CommandLineSettings.from_environment(os.environ).weights_directory
        detector = Detector(engines.load(engines.EngineName.AUTO, Model(model), directory, Precision.FASTEST))
    begin = time.perf_counter()
    result = removed(Path(source), detector, Path(target))
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(peak, seconds, result.seconds["saliency"], result.report.frames_out)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
