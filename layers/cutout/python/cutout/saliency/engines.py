"""Choosing what runs the net."""

import logging
from collections.abc import Collection, Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from cutout.errors import MissingEngine
from cutout.models import Model
from cutout.saliency.detector import Engine
from cutout.saliency.precision import Bits, Precision, has_bfloat16_tiles, multiplies_bfloat16, runs_in
from cutout.saliency.winograd.filters import filters_path
from cutout.saliency.winograd.kernels import can_be_compiled, is_supported, processor_flags

logger = logging.getLogger(__name__)


class EngineName(StrEnum):
    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"
    WINOGRAD = "winograd"


PACKAGES: Mapping[EngineName, tuple[str, ...]] = {
    EngineName.TORCH: ("torch", "torchvision", "onnx"),
    EngineName.OPENVINO: ("openvino",),
    EngineName.WINOGRAD: (),
}
PACKAGES_TO_COMPILE = ("torch", "onnx")
COMPILERS: Mapping[EngineName, str] = {EngineName.OPENVINO: "openvino", EngineName.WINOGRAD: "ziglang"}
"""The package that compiles nets for an engine."""


def load(name: EngineName, model: Model, directory: Path, precision: Precision = Precision.FULL) -> Engine:
    """The engine `name` with `model` from the weights in `directory`, ready to run.

    `auto` is torch where there is an NVIDIA GPU. On a CPU it is OpenVINO where that may and can multiply in tiles of
    bfloat16, else winograd, the fastest in 32 bits. The fastest `precision` is bfloat16 in OpenVINO and half precision
    on a GPU, if the net stands it; on a CPU the others have 32 bits alone.

    Raises:
        MissingWeights: the weights have not been fetched, or not been compiled for the engine, or nobody has measured
            whether the net stands the fastest precision.
        InvalidWeights: the file can't be read, or holds another net.
        MissingEngine: what the engine needs isn't installed, or torch was chosen for a GPU that it can't use.
    """
    for_gpu = name is EngineName.AUTO and has_gpu()
    if name is EngineName.AUTO:
        here = usable(directory)
        offered = not for_gpu and EngineName.OPENVINO in here and has_bfloat16_tiles(processor_flags())
        halves = runs_in(Bits.BFLOAT16, precision, model, directory, offered=offered)
        name = chosen(gpu=for_gpu, halves=halves, usable=here)
    require(name)
    if name is EngineName.OPENVINO:
        from cutout.saliency.engine_openvino import OpenVinoEngine

        return OpenVinoEngine.load(model, directory, precision)
    if name is EngineName.WINOGRAD:
        from cutout.saliency.engine_winograd import WinogradEngine

        return WinogradEngine.load(model, directory)
    from cutout.saliency.engine_torch import TorchEngine
    from cutout.saliency.fetch import locate

    engine = TorchEngine.load(model, locate(model, directory), precision)
    if for_gpu and not engine.on_gpu:
        raise MissingEngine(
            "An NVIDIA driver runs here, and this torch can't use it: is the driver too old for its CUDA, or is it "
            "torch's CPU build? The engine openvino does without a GPU."
        )
    return engine


def usable(directory: Path) -> list[EngineName]:
    """The engines that can run here. Winograd needs no package, but nets that were compiled for it.

    These may be another version's. Loading them then says so, where another engine in their place would be slower.
    """
    compiled = is_supported() and any(filters_path(model, directory).is_file() for model in Model)
    here = [engine for engine in PACKAGES if not missing(PACKAGES[engine])]
    return [engine for engine in here if engine is not EngineName.WINOGRAD or compiled]


def chosen(*, gpu: bool, halves: bool, usable: Collection[EngineName]) -> EngineName:
    """What `auto` stands for. `halves`: OpenVINO would run the net in bfloat16.

    On a CPU it is torch only where there is nothing else, and the log says so.
    """
    if gpu:
        return EngineName.TORCH
    if EngineName.WINOGRAD in usable and not halves:
        return EngineName.WINOGRAD
    if EngineName.OPENVINO not in usable and EngineName.TORCH in usable:
        logger.warning("No NVIDIA driver runs here and OpenVINO isn't installed: the net runs in torch on the CPU.")
        return EngineName.TORCH
    return EngineName.OPENVINO


def has_gpu() -> bool:
    """Whether an NVIDIA driver runs here. Asking torch would mean to load it."""
    return Path("/proc/driver/nvidia/version").exists()


def offered_bits() -> list[Bits]:
    """The 16 bits that this machine multiplies in by itself."""
    bfloat16 = [Bits.BFLOAT16] if multiplies_bfloat16(processor_flags()) else []
    return [*bfloat16, Bits.HALF] if has_gpu() else bfloat16


def require(name: EngineName) -> None:
    """Raises MissingEngine unless what the engine `name` needs is installed."""
    for package in missing(PACKAGES[name]):
        raise MissingEngine(f"Engine {name} needs {package}: pip install 'cutout[{name}]'.")
    if name is EngineName.WINOGRAD and not is_supported():
        raise MissingEngine("Engine winograd needs Linux and a processor with AVX2 and FMA, or a 64-bit Arm.")


def compilable() -> list[EngineName]:
    """The engines that nets can be compiled for with what is installed here. Raises MissingEngine if there is none."""
    found = [engine for engine, package in COMPILERS.items() if not missing([package])]
    engines = [engine for engine in found if engine is not EngineName.WINOGRAD or can_be_compiled()]
    for package in missing(PACKAGES_TO_COMPILE) or ([] if engines else ["ziglang or openvino"]):
        raise MissingEngine(f"Compiling a net needs {package}: pip install 'cutout[torch,kernels,openvino]'.")
    return engines


def missing(packages: Collection[str]) -> list[str]:
    return [package for package in packages if find_spec(package) is None]
