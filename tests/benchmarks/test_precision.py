"""What half precision does to each net, on photos and on frames with hand-made masks. The figures are printed.

A GPU multiplies in half precision, adds up in 32 bits and keeps each layer's result in half precision. That is imitated
here: the weights, what goes in and what each convolution gives are rounded to 16 bits, and the rest is f32.

If these fail, a net that half precision harms runs in it on GPUs.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torch import Tensor, nn

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.detector import Detector
from cutout.saliency.engine_torch import TorchEngine
from cutout.saliency.fetch import locate
from cutout.saliency.precision import STANDS_HALF

EVERY = 10
CPU = torch.device("cpu")

pytestmark = pytest.mark.benchmark


class InHalf(nn.Module):
    """`net` with every number rounded that a GPU would keep in half precision."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        for parameter in net.parameters():
            parameter.data = rounded(parameter.data)
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_hook(lambda _module, _given, given: rounded(given))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.net(rounded(x))
        return result


def rounded(x: Tensor) -> Tensor:
    return x.half().float()


def maps(net: nn.Module, pictures: list[Pixels]) -> Floats:
    return Detector(TorchEngine(net, CPU)).detect(pictures)


def apart(net: Callable[[], nn.Module], pictures: list[Pixels]) -> tuple[Floats, Floats]:
    return maps(net(), pictures), maps(InHalf(net()), pictures)


@pytest.mark.parametrize("model", Model)
def test_photos(weights_directory: Path, report: Callable[[str], None], model: Model) -> None:
    photos = [skimage.data.chelsea(), skimage.data.coffee(), skimage.data.astronaut()]
    full, half = apart(lambda: weights.load(model, locate(model, weights_directory)), photos)
    moved = np.abs(full - half)
    means = ", ".join(f"{mean:.4f}" for mean in moved.mean(axis=(1, 2)))
    report(
        f"{model}, half precision moves the maps of three photos by {means} on average, a point by {moved.max():.3f}"
    )
    assert (moved.mean() < 0.001 and moved.max() < 0.1) or not STANDS_HALF[model]


@pytest.mark.parametrize("model", Model)
def test_frames(reference_data: Path, weights_directory: Path, report: Callable[[str], None], model: Model) -> None:
    paths = sorted((reference_data / "davis-blackswan" / "images").glob("*.jpg"))[::EVERY]
    frames = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    truths = [
        np.asarray(Image.open(mask_of(path)).convert("L").resize((320, 320), Image.Resampling.BOX)) for path in paths
    ]
    truth = np.stack(truths) / np.float32(255)
    errors = {}
    both = apart(lambda: weights.load(model, locate(model, weights_directory)), frames)
    for bits, found in zip((32, 16), both, strict=True):
        errors[bits] = np.abs(found - truth).mean()
        report(f"{model}, {len(frames)} frames of blackswan, {bits} bits: mean absolute error {errors[bits]:.5f}")
    assert errors[16] < errors[32] + 0.0005 or not STANDS_HALF[model]


def mask_of(image: Path) -> Path:
    return image.parents[1] / "masks" / image.with_suffix(".png").name
