"""Choosing what runs the net."""

from enum import StrEnum
from pathlib import Path

from cutout.errors import MissingEngine
from cutout.models import Model
from cutout.saliency.detector import Engine


class EngineName(StrEnum):
    AUTO = "auto"
    TORCH = "torch"


def load(name: EngineName, model: Model, weights: Path) -> Engine:
    """The engine `name` with `model` from the file `weights`, ready to run; `auto` takes the fastest at hand.

    Raises:
        InvalidWeights: the file can't be read, or holds another net.
        MissingEngine: what the engine needs isn't installed.
    """
    try:
        from cutout.saliency.engine_torch import TorchEngine
    except ImportError as error:
        raise MissingEngine(f"Engine {name} needs torch and onnx: pip install 'cutout[torch]'.") from error
    return TorchEngine.load(model, weights)
