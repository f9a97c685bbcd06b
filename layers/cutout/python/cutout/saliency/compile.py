"""Making what engines on CPUs run from our torch module: once, where torch is installed, so that others need none."""

import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.engines import EngineName
from cutout.saliency.fetch import digest, locate
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.saliency.winograd.filters import Convolution, arranged, filters_path
from cutout.saliency.winograd.kernels import SOURCE, compile_kernels, kernels_path
from cutout.saliency.winograd.plan import plan

SHAPE = (1, 3, INPUT_SIDE, INPUT_SIDE)
ARRANGED_BY = (SOURCE, SOURCE.with_name("plan.py"), SOURCE.with_name("filters.py"))
"""What decides how the filters of the engine winograd lie in their file."""


def is_compiled(model: Model, directory: Path, engine: EngineName) -> bool:
    """Whether the weights of `model` that lie in `directory` are compiled for `engine`, by this version of it.

    Raises:
        MissingWeights: they haven't been fetched.
    """
    stamp = stamp_of(model, directory, engine)
    present = all(file.is_file() for file in (*files_of(model, directory, engine), stamp))
    return stamp.read_text() == made_of(locate(model, directory), engine) if present else False


def compile_net(model: Model, directory: Path, engine: EngineName) -> None:
    """Compile the weights of `model` that lie in `directory`, into the same, for `engine`.

    Raises:
        MissingWeights: they haven't been fetched.
        InvalidWeights: they can't be read.
        MissingEngine: the kernels can't be compiled.
    """
    source = locate(model, directory)
    stamp_of(model, directory, engine).unlink(missing_ok=True)
    net = weights.load(model, source)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".compiling-") as name:
        folder = Path(name)
        if engine is EngineName.OPENVINO:
            convert(net, folder / f"{model}.xml")
        else:
            arranged(plan(model), convolutions(net)).tofile(filters_path(model, folder))
            compile_kernels(kernels_path(folder))
        for file in files_of(model, directory, engine):
            (folder / file.name).replace(file)
    stamp_of(model, directory, engine).write_text(made_of(source, engine))


def convert(net: nn.Module, path: Path) -> None:
    """Write `net` for OpenVINO to `path`, an .xml, and its weights beside it."""
    import openvino

    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):  # of torch.jit.trace, which OpenVINO calls
            warnings.simplefilter("ignore", category)
        converted = openvino.convert_model(net, example_input=torch.zeros(SHAPE), input=SHAPE)
    openvino.save_model(converted, path, compress_to_fp16=False)  # 16 bits would move single points by 0.04


def convolutions(net: nn.Module) -> list[Convolution]:
    """In the order in which they run."""
    states = [module.state_dict() for module in net.modules() if isinstance(module, nn.Conv2d)]
    return [Convolution(state["weight"].numpy(), state["bias"].numpy()) for state in states]


def files_of(model: Model, directory: Path, engine: EngineName) -> list[Path]:
    """All that is compiled of `model` for `engine`, in the order of writing. The kernels are the same for all nets."""
    if engine is EngineName.OPENVINO:
        return [directory / f"{model}.bin", directory / f"{model}.xml"]  # who finds the .xml finds the .bin
    return [filters_path(model, directory), kernels_path(directory)]


def stamp_of(model: Model, directory: Path, engine: EngineName) -> Path:
    """Written last; it says what the compiled files were made of."""
    return directory / f"{model}.{engine}.compiled"


def made_of(source: Path, engine: EngineName) -> str:
    if engine is EngineName.OPENVINO:
        return f"{digest(source)} openvino {version('openvino')}\n"
    return f"{digest(source)} kernels, plan and filters {' '.join(digest(path) for path in ARRANGED_BY)}\n"
