"""What photos and videos cost on a GPU. The figures are printed. None has been measured yet.

    CUTOUT_EXPECT_GPU=true .venv/bin/python -m pytest -m benchmark tests/benchmarks/test_gpu.py

If these fail, batches or recorded work cost more on that GPU than they bring.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch

from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.cuda_graph import recorded, unrecorded
from cutout.saliency.detector import Detector
from cutout.saliency.engine_torch import MOST_PICTURES, TorchEngine
from cutout.saliency.fetch import locate
from cutout.saliency.precision import Precision
from tests.benchmarks.test_video import clip_at, removed

SIZES = [1 << power for power in range(MOST_PICTURES.bit_length())]
ROUNDS = 9
FRAMES = 400
MUCH = 1.1
"""What is this much slower is a wrong choice. Less may be the clock of the GPU."""

pytestmark = [pytest.mark.benchmark, pytest.mark.usefixtures("gpu")]


def median_seconds(work: Callable[[], object]) -> float:
    """Of `ROUNDS`, after one that prepares."""
    taken = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return median(taken[1:])


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=["half", "full"])
def test_pictures_by_how_many_at_once(
    weights_directory: Path, report: Callable[[str], None], model: Model, dtype: torch.dtype
) -> None:
    """From and to the host's memory."""
    net, device = weights.load(model, locate(model, weights_directory)), torch.device("cuda")
    batches = {size: np.random.default_rng(0).integers(0, 256, (size, 320, 320, 3), np.uint8) for size in SIZES}
    speeds: dict[str, dict[int, float]] = {}
    for record in (recorded, unrecorded):
        seconds = {
            size: median_seconds(partial(TorchEngine(net, device, size, dtype, record).infer, batch))
            for size, batch in batches.items()
        }
        speeds[record.__name__] = {size: size / seconds[size] for size in SIZES}
        figures = ", ".join(f"{size}: {speed:.0f}" for size, speed in speeds[record.__name__].items())
        report(
            f"{model}, {dtype}, {record.__name__}, {torch.cuda.get_device_name()}: pictures a second by batch {figures}"
        )
    assert speeds["recorded"][MOST_PICTURES] > max(speeds["recorded"].values()) / MUCH
    assert all(speeds["recorded"][size] > speeds["unrecorded"][size] / MUCH for size in SIZES)


@pytest.mark.parametrize("model", Model)
def test_photos_one_by_one(weights_directory: Path, report: Callable[[str], None], model: Model) -> None:
    detector = Detector(TorchEngine.load(model, locate(model, weights_directory), Precision.FASTEST))
    photo = np.full((3000, 4000, 3), 99, np.uint8)
    taken = median_seconds(lambda: detector.detect([photo]))
    report(f"{model}: {taken * 1e3:.1f} ms from a decoded photo of 12 megapixels to its map")


@pytest.mark.parametrize("model", Model)
def test_a_video(tmp_path: Path, weights_directory: Path, report: Callable[[str], None], model: Model) -> None:
    """Decoding, the net, stabilising and encoding overlap."""
    source = clip_at(tmp_path / "a.mp4", 1920, 1080, FRAMES)
    detector = Detector(TorchEngine.load(model, locate(model, weights_directory), Precision.FASTEST))
    removed(source, detector, tmp_path / "first.mp4")
    begin = time.perf_counter()
    result = removed(source, detector, tmp_path / "second.mp4")
    seconds = time.perf_counter() - begin
    stages = ", ".join(f"{stage} {spent / FRAMES * 1e3:.1f}" for stage, spent in result.seconds.items())
    report(f"{model}, 1080p to MP4: {FRAMES / seconds:.1f} frames a second; ms a frame at work: {stages}")
    assert seconds < sum(result.seconds.values())
