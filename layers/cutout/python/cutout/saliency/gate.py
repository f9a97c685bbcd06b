"""Measuring whether a net stands 16 bits, on any processor: of each net's own weights, and not by its name.

A processor with bfloat16 and a GPU in half precision round what they multiply to 16 bits, add up in 32 and round each
result to 16. That is imitated here: weights, and what goes into and comes out of each convolution, are rounded, and all
else is f32.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.fetch import digest, locate
from cutout.saliency.precision import Bits, report_path
from cutout.saliency.preprocess import INPUT_SIDE, normalise_colours

DTYPES: Mapping[Bits, torch.dtype] = {Bits.BFLOAT16: torch.bfloat16, Bits.HALF: torch.float16}


@dataclass(frozen=True)
class Harm:
    """By how much the mean absolute error of a picture's map grows. Where it shrinks it counts as 0."""

    mean: float
    worst: float

    def is_within(self, bounds: "Harm") -> bool:
        return self.mean <= bounds.mean and self.worst <= bounds.worst


BOUNDS = Harm(mean=0.001, worst=0.01)
"""Four and three times what bfloat16 does to u2net, a quarter and a third of what it does to u2netp. Comparisons with
hand-made masks on a processor with AMX say the same of both nets: tests/benchmarks/test_gate.py.
"""


def harm(truth: Floats, whole: Floats, rounded: Floats) -> Harm:
    """What `rounded` maps lose against `whole` ones, each N x H x W. What isn't a number is as far off as can be."""
    before, after = (np.nan_to_num(np.abs(maps - truth), nan=1).mean(axis=(1, 2)) for maps in (whole, rounded))
    growth = np.maximum(after - before, 0)
    return Harm(float(growth.mean()), float(growth.max()))


def is_judged(bits: Bits, model: Model, directory: Path) -> bool:
    """Whether the weights of `model` that lie in `directory` have been measured in `bits`, to these bounds."""
    head = report_head(locate(model, directory))
    try:
        report = json.loads(report_path(bits, model, directory).read_text())
        return all(report[name] == value for name, value in head.items())
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # not measured, or the report is damaged
        return False


def judge(bits: Bits, model: Model, directory: Path) -> bool:
    """Measure whether the weights of `model` that lie in `directory` stand `bits`, and leave the report beside them.

    Raises:
        MissingWeights: they haven't been fetched.
        InvalidWeights: they can't be read.
    """
    source = locate(model, directory)
    found = measure(weights.load(model, source), DTYPES[bits])
    stands = found.is_within(BOUNDS)
    report = {**report_head(source), "harm": asdict(found), "stands": stands}
    report_path(bits, model, directory).write_text(json.dumps(report, indent=2) + "\n")
    return stands


def report_head(source: Path) -> dict[str, Any]:
    return {"weights_sha256": digest(source), "bounds": asdict(BOUNDS)}


def measure(net: nn.Module, dtype: torch.dtype) -> Harm:
    """Of `net`, a net in f32 on the CPU, on the gate's scenes."""
    pictures, truth = scenes()
    return harm(truth, infer(net, pictures), infer(rounding(net, dtype), pictures))


def scenes() -> tuple[Pixels, Floats]:
    """Subjects before grounds that hold none: N x 320 x 320 x 3 RGB, and their mattes, N x 320 x 320 in [0, 1].

    They are the tiles of a sheet, whose alpha is the matte.
    """
    with (resources.files("cutout.saliency") / "gate_scenes.webp").open("rb") as file:
        sheet = np.asarray(Image.open(file))
    down, across = (length // INPUT_SIDE for length in sheet.shape[:2])
    tiles = sheet.reshape(down, INPUT_SIDE, across, INPUT_SIDE, 4).swapaxes(1, 2).reshape(-1, INPUT_SIDE, INPUT_SIDE, 4)
    return tiles[..., :3], tiles[..., 3] / np.float32(255)


def rounding(net: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of `net` that rounds as hardware does that multiplies in `dtype`."""

    def rounded(x: Tensor) -> Tensor:
        return x.to(dtype).float()

    copy = deepcopy(net)
    for parameter in copy.parameters():
        parameter.data = rounded(parameter.data)
    for module in copy.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(lambda _module, given: (rounded(given[0]),))
            module.register_forward_hook(lambda _module, _given, result: rounded(result))
    return copy


@torch.inference_mode()
def infer(net: nn.Module, pictures: Pixels) -> Floats:
    """N x H x W saliency probabilities."""
    inputs = (torch.from_numpy(normalise_colours(picture[None])) for picture in pictures)
    return np.concatenate([net(one.contiguous(memory_format=torch.channels_last))[:, 0].numpy() for one in inputs])
