"""Reading U-2-Net's pretrained weights, whichever way they were saved, into our module."""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn

from cutout.errors import InvalidWeights
from cutout.models import Model
from cutout.saliency import u2net
from cutout.saliency.winograd.filters import Convolution

BATCH_NORM_EPSILON = 1e-5


def load(model: Model, path: Path) -> u2net.U2Net:
    """Build `model` and fill it from the `.onnx` or `.pth` file at `path`.

    Raises:
        InvalidWeights: the file can't be read, or holds another net.
    """
    read = read_onnx if path.suffix == ".onnx" else read_pth
    saved = list(read(path))
    net = u2net.build(model)
    slots = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    if [tuple(slot.weight.shape) for slot in slots] != [convolution.weight.shape for convolution in saved]:
        raise InvalidWeights(
            f"{path} holds {len(saved)} convolutions that don't fit {model}: is it another model's file?"
        )
    for slot, convolution in zip(slots, saved, strict=True):
        slot.load_state_dict({name: torch.from_numpy(array) for name, array in convolution._asdict().items()})
    return net.eval().requires_grad_(requires_grad=False)


def read_onnx(path: Path) -> Iterator[Convolution]:
    """The convolutions of an exported graph, in the order in which they run."""
    try:
        graph = onnx.load(path).graph
    except (OSError, DecodeError) as error:
        raise InvalidWeights(f"{path} is not an ONNX file") from error
    constants = {constant.name: constant for constant in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            saved = [numpy_helper.to_array(constants[name]).copy() for name in node.input[1:] if name in constants]
            if len(saved) != len(Convolution._fields):
                raise InvalidWeights(f"{path} has a convolution without its weight and bias: is its batch norm folded?")
            yield Convolution(*saved)


def read_pth(path: Path) -> Iterator[Convolution]:
    """The convolutions of the authors' checkpoint, in the order in which they run, each with its batch norm folded in.

    A checkpoint is a state dict in the order of definition, which in the authors' code is the order of execution.
    """
    state = read_state(path)
    for name, weight in state.items():
        if not name.endswith(".weight") or weight.ndim != 4:
            continue
        bias = entry(state, name.replace(".weight", ".bias"))
        norm = name.replace("conv_s1.weight", "bn_s1")
        if norm != name:
            weight, bias = fold_batch_norm(weight, bias, state, norm)
        yield Convolution(weight.float().numpy(), bias.float().numpy())


def read_state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidWeights(f"{path} is no checkpoint of weights that torch can load safely.") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InvalidWeights(f"{path} holds something else than weights by name.")
    return state


def entry(state: dict[str, Tensor], name: str) -> Tensor:
    try:
        return state[name]
    except KeyError as error:
        raise InvalidWeights(f"The checkpoint has no {name}: is it another net's?") from error


def fold_batch_norm(weight: Tensor, bias: Tensor, state: dict[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    """The one convolution that equals `weight`, `bias` followed by the batch norm at `state[norm + ...]`.

    Source: Jacob et al., arXiv:1712.05877, equation 14, here in float64.
    """
    gamma, beta, mean, variance = (
        entry(state, f"{norm}.{name}").double() for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / torch.sqrt(variance + BATCH_NORM_EPSILON)
    return weight.double() * scale[:, None, None, None], (bias.double() - mean) * scale + beta
