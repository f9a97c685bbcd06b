"""If these fail, videos are slower than they need be, or lose parts of their subject to rounding."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino
import pytest

from cutout.arrays import Pixels
from cutout.models import Model
from cutout.saliency.detector import Detector
from cutout.saliency.engine_openvino import OpenVinoEngine
from cutout.saliency.precision import Precision, multiplied_in

WITH_BFLOAT16 = ["FP32", "BF16", "INT8"]
WITHOUT = ["FP32", "INT8"]


@pytest.mark.parametrize(
    ("precision", "model", "capabilities", "expected"),
    [
        (Precision.FASTEST, Model.U2NET, WITH_BFLOAT16, "bf16"),
        (Precision.FASTEST, Model.U2NET, WITHOUT, "f32"),
        (Precision.FASTEST, Model.U2NETP, WITH_BFLOAT16, "f32"),
        (Precision.FULL, Model.U2NET, WITH_BFLOAT16, "f32"),
    ],
)
def test_few_bits_are_for_a_net_that_stands_them_on_a_processor_that_has_them(
    precision: Precision, model: Model, capabilities: list[str], expected: str
) -> None:
    assert multiplied_in(precision, model, capabilities) == expected


@pytest.mark.parametrize("model", Model)
def test_the_fastest_precision_gives_the_same_matte(
    detectors: Callable[[Model], Detector], weights_directory: Path, cat: Pixels, model: Model
) -> None:
    fastest = Detector(OpenVinoEngine.load(model, weights_directory, Precision.FASTEST))
    apart = np.abs(fastest.detect([cat]) - detectors(model).detect([cat]))
    assert apart.mean() < 0.003


def test_openvino_names_capabilities_as_we_do() -> None:
    """What is asked for by a name that OpenVINO doesn't use is never found."""
    assert "FP32" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert str(openvino.properties.device.Capability.BF16) == "BF16"
