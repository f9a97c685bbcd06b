"""Making OpenVINO's form of a net from our torch module: once, where torch is installed, so that others need none."""

import tempfile
import warnings
from pathlib import Path

import openvino
import torch

from cutout.models import Model
from cutout.saliency import weights
from cutout.saliency.fetch import digest, locate
from cutout.saliency.preprocess import INPUT_SIDE

SHAPE = (1, 3, INPUT_SIDE, INPUT_SIDE)
SUFFIXES = (".bin", ".xml")  # in the order of writing: who finds the .xml finds the .bin


def compile_net(model: Model, directory: Path) -> bool:
    """Compile the weights of `model` that lie in `directory`, into the same; False if that is done already.

    Raises:
        MissingWeights: they haven't been fetched.
        InvalidWeights: they can't be read.
    """
    source = locate(model, directory)
    stamp = directory / f"{model}.compiled"
    made_of = f"{digest(source)} openvino {openvino.__version__}\n"
    files = [directory / f"{model}{suffix}" for suffix in SUFFIXES]
    if all(file.is_file() for file in (*files, stamp)) and stamp.read_text() == made_of:
        return False
    stamp.unlink(missing_ok=True)
    net = weights.load(model, source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit.trace, which OpenVINO calls
        converted = openvino.convert_model(net, example_input=torch.zeros(SHAPE), input=SHAPE)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".compiling-") as folder:
        whole = Path(folder) / f"{model}.xml"
        openvino.save_model(converted, whole, compress_to_fp16=False)  # 16 bits move single points by 0.04
        for file in files:
            whole.with_suffix(file.suffix).replace(file)
    stamp.write_text(made_of)
    return True
