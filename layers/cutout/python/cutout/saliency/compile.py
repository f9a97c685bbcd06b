"""Making what engines on CPUs run from our torch module: once, where torch is installed, so that others need none."""

import tempfile
import warnings
from pathlib import Path

import openvino
import torch
from torch import nn

from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.fetch import digest, locate
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.saliency.winograd.filters import Convolution, arranged, filters_path
from cutout.saliency.winograd.kernels import SOURCE, can_be_compiled, compile_kernels, kernels_path
from cutout.saliency.winograd.plan import plan

SHAPE = (1, 3, INPUT_SIDE, INPUT_SIDE)
OPENVINO_SUFFIXES = (".bin", ".xml")  # in the order of writing: who finds the .xml finds the .bin


def is_compiled(model: Model, directory: Path) -> bool:
    """Whether the weights of `model` that lie in `directory` are compiled, by these versions of all that compiles.

    Raises:
        MissingWeights: they haven't been fetched.
    """
    stamp = stamp_of(model, directory)
    present = all(file.is_file() for file in (*files_of(model, directory), stamp))
    return stamp.read_text() == made_of(locate(model, directory)) if present else False


def compile_net(model: Model, directory: Path) -> None:
    """Compile the weights of `model` that lie in `directory`, into the same, for OpenVINO and for our own kernels.

    Raises:
        MissingWeights: they haven't been fetched.
        InvalidWeights: they can't be read.
        MissingEngine: the kernels can't be compiled.
    """
    source = locate(model, directory)
    stamp_of(model, directory).unlink(missing_ok=True)
    net = weights.load(model, source)
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):  # of torch.jit.trace, which OpenVINO calls
            warnings.simplefilter("ignore", category)
        converted = openvino.convert_model(net, example_input=torch.zeros(SHAPE), input=SHAPE)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".compiling-") as name:
        folder = Path(name)
        # 16 bits would move single points by 0.04.
        openvino.save_model(converted, folder / f"{model}.xml", compress_to_fp16=False)
        if can_be_compiled():
            arranged(plan(model), convolutions(net)).tofile(filters_path(model, folder))
            if not kernels_path(directory).is_file():
                compile_kernels(kernels_path(folder))
        for file in files_of(model, directory):
            if (folder / file.name).is_file():
                (folder / file.name).replace(file)
    stamp_of(model, directory).write_text(made_of(source))


def convolutions(net: nn.Module) -> list[Convolution]:
    """In the order in which they run."""
    states = [module.state_dict() for module in net.modules() if isinstance(module, nn.Conv2d)]
    return [Convolution(state["weight"].numpy(), state["bias"].numpy()) for state in states]


def files_of(model: Model, directory: Path) -> list[Path]:
    """All that is compiled of `model`. The kernels are the same for all nets."""
    for_openvino = [directory / f"{model}{suffix}" for suffix in OPENVINO_SUFFIXES]
    for_winograd = [filters_path(model, directory), kernels_path(directory)] if can_be_compiled() else []
    return [*for_openvino, *for_winograd]


def stamp_of(model: Model, directory: Path) -> Path:
    """Written last; it says what the compiled files were made of."""
    return directory / f"{model}.compiled"


def made_of(source: Path) -> str:
    return f"{digest(source)} openvino {openvino.__version__} kernels {digest(SOURCE)}\n"
