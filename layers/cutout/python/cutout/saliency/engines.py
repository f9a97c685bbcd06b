"""Choosing what runs the net."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from cutout.errors import MissingEngine
from cutout.models import Model
from cutout.saliency.detector import Engine
from cutout.saliency.fetch import locate


class EngineName(StrEnum):
    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"


def load(name: EngineName, model: Model, directory: Path) -> Engine:
    """The engine `name` with `model` from the weights in `directory`, ready to run.

    `auto` is torch where there is an NVIDIA GPU, and OpenVINO, which is faster on CPUs, elsewhere.

    Raises:
        MissingWeights: the weights have not been fetched, or not been compiled for OpenVINO.
        InvalidWeights: the file can't be read, or holds another net.
        MissingEngine: what the engine needs isn't installed.
    """
    if name is EngineName.AUTO:
        name = EngineName.TORCH if has_gpu() else EngineName.OPENVINO
    require(name)
    if name is EngineName.OPENVINO:
        from cutout.saliency.engine_openvino import OpenVinoEngine

        return OpenVinoEngine.load(model, directory)
    from cutout.saliency.engine_torch import TorchEngine

    return TorchEngine.load(model, locate(model, directory))


def has_gpu() -> bool:
    """Whether an NVIDIA driver runs here. Asking torch would mean to load it."""
    return Path("/proc/driver/nvidia/version").exists()


def require(name: EngineName) -> None:
    needed = ("torch", "onnx") if name is EngineName.TORCH else ("openvino",)
    for package in needed:
        if find_spec(package) is None:
            raise MissingEngine(f"Engine {name} needs {package}: pip install 'cutout[{name}]'.")
