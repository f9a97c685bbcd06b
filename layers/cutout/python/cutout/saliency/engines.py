"""Choosing what runs the net."""

import logging
from collections.abc import Collection, Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from cutout.errors import MissingEngine
from cutout.models import Model
from cutout.saliency.detector import Engine
from cutout.saliency.fetch import locate
from cutout.saliency.precision import Precision

logger = logging.getLogger(__name__)


class EngineName(StrEnum):
    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"


PACKAGES: Mapping[EngineName, tuple[str, ...]] = {
    EngineName.TORCH: ("torch", "torchvision", "onnx"),
    EngineName.OPENVINO: ("openvino",),
}
PACKAGES_TO_COMPILE = ("torch", "onnx", "openvino")


def load(name: EngineName, model: Model, directory: Path, precision: Precision = Precision.FULL) -> Engine:
    """The engine `name` with `model` from the weights in `directory`, ready to run.

    `auto` is torch where there is an NVIDIA GPU, and OpenVINO, which is faster on CPUs, elsewhere. `precision` is
    OpenVINO's; torch has half precision on a GPU, if the net stands it, and f32 elsewhere.

    Raises:
        MissingWeights: the weights have not been fetched, or not been compiled for OpenVINO.
        InvalidWeights: the file can't be read, or holds another net.
        MissingEngine: what the engine needs isn't installed, or torch was chosen for a GPU that it can't use.
    """
    for_gpu = name is EngineName.AUTO and has_gpu()
    if name is EngineName.AUTO:
        name = chosen(gpu=for_gpu, installed=[engine for engine in PACKAGES if not missing(PACKAGES[engine])])
    require(name)
    if name is EngineName.OPENVINO:
        from cutout.saliency.engine_openvino import OpenVinoEngine

        return OpenVinoEngine.load(model, directory, precision)
    from cutout.saliency.engine_torch import TorchEngine

    engine = TorchEngine.load(model, locate(model, directory))
    if for_gpu and not engine.on_gpu:
        raise MissingEngine(
            "An NVIDIA driver runs here, and this torch can't use it: is the driver too old for its CUDA, or is it "
            "torch's CPU build? The engine openvino does without a GPU."
        )
    return engine


def chosen(*, gpu: bool, installed: Collection[EngineName]) -> EngineName:
    """What `auto` stands for. On a CPU it is torch only where OpenVINO isn't installed, and the log says so."""
    if gpu:
        return EngineName.TORCH
    if EngineName.OPENVINO not in installed and EngineName.TORCH in installed:
        logger.warning("No NVIDIA driver runs here and OpenVINO isn't installed: the net runs in torch on the CPU.")
        return EngineName.TORCH
    return EngineName.OPENVINO


def has_gpu() -> bool:
    """Whether an NVIDIA driver runs here. Asking torch would mean to load it."""
    return Path("/proc/driver/nvidia/version").exists()


def require(name: EngineName) -> None:
    """Raises MissingEngine unless what the engine `name` needs is installed."""
    for package in missing(PACKAGES[name]):
        raise MissingEngine(f"Engine {name} needs {package}: pip install 'cutout[{name}]'.")


def require_to_compile() -> None:
    """Raises MissingEngine unless nets can be compiled for OpenVINO here."""
    for package in missing(PACKAGES_TO_COMPILE):
        raise MissingEngine(f"Compiling a net needs {package}: pip install 'cutout[torch,openvino]'.")


def missing(packages: Collection[str]) -> list[str]:
    return [package for package in packages if find_spec(package) is None]
