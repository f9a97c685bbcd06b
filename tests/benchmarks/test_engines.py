"""What one picture costs on each engine, by how many it is given at once. The figures are printed.

If these fail, an engine or its way of taking pictures is chosen where another is faster.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch

from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.detector import Engine
from cutout.saliency.engine_openvino import OpenVinoEngine
from cutout.saliency.engine_torch import TorchEngine
from cutout.saliency.engine_winograd import WinogradEngine
from cutout.saliency.fetch import locate
from cutout.saliency.precision import Precision

BATCHES = (1, 2)
ROUNDS = 3
MUCH = 1.25
"""What is this much slower is a wrong choice. Less may be other programs' work."""

pytestmark = pytest.mark.benchmark


def seconds_a_picture(engine: Engine, pictures: int) -> float:
    batch = np.random.default_rng(0).integers(0, 256, (pictures, 320, 320, 3), np.uint8)
    engine.infer(batch)
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        engine.infer(batch)
        taken.append((time.perf_counter() - begin) / pictures)
    return median(taken)


@pytest.mark.parametrize("model", Model)
def test_the_engines_on_this_cpu(weights_directory: Path, report: Callable[[str], None], model: Model) -> None:
    net, cpu = weights.load(model, locate(model, weights_directory)), torch.device("cpu")
    in_torch = {size: seconds_a_picture(TorchEngine(net, cpu, batch_size=size), size) for size in BATCHES}
    in_winograd = seconds_a_picture(WinogradEngine.load(model, weights_directory), 1)
    in_openvino = {
        precision: seconds_a_picture(OpenVinoEngine.load(model, weights_directory, precision), 1)
        for precision in Precision
    }
    for size, seconds in in_torch.items():
        report(f"{model}, torch, {size} at once: {seconds:.3f} s a picture")
    for precision, seconds in in_openvino.items():
        report(f"{model}, OpenVINO, {precision} precision: {seconds:.3f} s a picture")
    times = in_openvino[Precision.FULL] / in_winograd
    report(f"{model}, winograd: {in_winograd:.3f} s a picture, {times:.2f} times as fast as OpenVINO in 32 bits")
    assert in_winograd < in_openvino[Precision.FULL]
    assert in_torch[TorchEngine(net, cpu).batch_size] < min(in_torch.values()) * MUCH
    assert in_openvino[Precision.FULL] < min(in_torch.values()) * MUCH
    assert in_openvino[Precision.FASTEST] < in_openvino[Precision.FULL] * MUCH
