"""Whether 8 bits are faster than the engine that ships, and find subjects as well. The figures are printed.

    .venv/bin/pip install nncf==3.4.0
    .venv/bin/python -m pytest -m benchmark tests/benchmarks/test_eight_bits.py

NNCF is none of the project's dependencies; without it the trial is skipped.

8 bits are not used: both nets fail the gate in them. u2net on AVX2 without VNNI, while other programs ran, which slow
winograd down more; with the ends in 32 bits it was slower than either.

| u2net | median, fastest s a picture | harm, of the worst picture | IoU on blackswan |
|---|---|---|---|
| OpenVINO, 32 bits | 2.13, 1.67 | | .949 |
| winograd, 32 bits | 1.51, 1.02 | 0, 0 | .949 |
| 8 bits, performance | 1.22, 0.95 | .0011, .024 | .940 |
| 8 bits, mixed | 1.21, 0.97 | .0026, .056 | .948 |
| the gate's bounds | | .001, .01 | |

u2netp's IoU on blackswan fell from .933 to .63 (performance) and .57 (mixed).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import openvino
import pytest

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency.detector import Detector, Engine
from cutout.saliency.engine_openvino import OpenVinoEngine, compiled_path
from cutout.saliency.engine_winograd import WinogradEngine
from cutout.saliency.gate import harm
from cutout.saliency.preprocess import normalise_colours
from tests.benchmarks.measures import iou, mae
from tests.benchmarks.net_scenes import composed, filmed

VARIANTS: Mapping[str, tuple[str, slice]] = {
    "performance": ("PERFORMANCE", slice(None)),
    "mixed": ("MIXED", slice(None)),
    "mixed, ends in 32 bits": ("MIXED", slice(14, -28)),
}
"""NNCF's preset, and which of 119 convolutions have 8 bits, in the order of running. The ends are the first block of
the encoder, and the last two of the decoder with what makes one map of six."""

FRAMES_EVERY = 5

pytestmark = pytest.mark.benchmark


class Turns:
    """Engines that take turns, so that other programs' work falls on all of them."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines
        self.seconds: dict[str, list[float]] = {name: [] for name in engines}

    def infer(self, pictures: Pixels) -> dict[str, Floats]:
        """By engine, N x 320 x 320."""
        maps: dict[str, list[Floats]] = {name: [] for name in self._engines}
        for picture in pictures:
            for name, engine in self._engines.items():
                begin = perf_counter()
                maps[name].append(engine.infer(picture[None])[0])
                self.seconds[name].append(perf_counter() - begin)
        return {name: np.stack(found) for name, found in maps.items()}


def in_eight_bits(variant: str, model: Model, directory: Path, pictures: Pixels, target: Path) -> Engine:
    nncf: Any = pytest.importorskip("nncf")
    net = openvino.Core().read_model(compiled_path(model, directory))
    layers = [layer.get_friendly_name() for layer in net.get_ordered_ops() if layer.get_type_name() == "Convolution"]
    preset, inner = VARIANTS[variant]
    quantised = nncf.quantize(
        net,
        nncf.Dataset([normalise_colours(picture[None]) for picture in pictures]),
        preset=nncf.QuantizationPreset[preset],
        subset_size=len(pictures),
        ignored_scope=nncf.IgnoredScope(names=sorted(set(layers) - set(layers[inner]))),
    )
    openvino.save_model(quantised, target, compress_to_fp16=False)
    return OpenVinoEngine(target)


@pytest.mark.parametrize("model", Model)
def test_eight_bits(
    detectors: Callable[[Model], Detector],
    weights_directory: Path,
    reference_data: Path,
    tmp_path: Path,
    report: Callable[[str], None],
    model: Model,
) -> None:
    to_calibrate, _ = composed(detectors(Model.U2NET), seed=2)
    engines: dict[str, Engine] = {
        "winograd, 32 bits": WinogradEngine.load(model, weights_directory),
        "OpenVINO, 32 bits": OpenVinoEngine.load(model, weights_directory),
    }
    for variant in VARIANTS:
        target = tmp_path / f"{len(engines)}.xml"
        engines[f"8 bits, {variant}"] = in_eight_bits(variant, model, weights_directory, to_calibrate, target)
    turns = Turns(engines)
    turns.infer(to_calibrate[:1])
    sources = {"composed": composed(detectors(Model.U2NET), seed=1), "blackswan": filmed(reference_data, FRAMES_EVERY)}
    for source, (pictures, truth) in sources.items():
        found = turns.infer(pictures)
        for name, maps in found.items():
            lost = harm(truth, found["OpenVINO, 32 bits"], maps)
            report(
                f"{model}, {name}, {source}: mean absolute error {mae(truth, maps):.4f}, IoU {iou(truth, maps):.3f},"
                f" harm {lost.mean:.5f}, of the worst picture {lost.worst:.4f}"
            )
    for name, seconds in turns.seconds.items():
        report(f"{model}, {name}: {median(seconds):.3f} s a picture, the fastest {min(seconds):.3f}")
