"""U-2-Net on OpenVINO, the fastest engine on CPUs. Compiling a net for it takes torch; running it doesn't."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import openvino

from cutout.arrays import Floats, Pixels
from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency.mapped_file import let_go
from cutout.saliency.precision import Bits, Precision, runs_in
from cutout.saliency.preprocess import normalise_colours


def compiled_path(model: Model, directory: Path) -> Path:
    """The compiled net of `model`; its weights lie beside it, as .bin.

    Raises:
        MissingWeights: it hasn't been compiled.
    """
    path = directory / f"{model}.xml"
    if not path.is_file():
        raise MissingWeights(
            f"There is no compiled {model} in {directory}. Run: cutout weights fetch, then: cutout weights compile"
        )
    return path


def has_bfloat16(capabilities: Collection[str]) -> bool:
    """`capabilities` are the processor's, as OpenVINO lists them. One without would imitate it, slowly."""
    return "BF16" in capabilities


class OpenVinoEngine:
    """Runs one picture at a time. One picture fills a CPU's cores, and a fixed shape is up to a tenth faster."""

    batch_size = 1
    on_gpu = False

    def __init__(self, path: Path, bits: str = "f32") -> None:
        core = openvino.Core()
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": bits}
        try:
            net = core.read_model(path)
        except RuntimeError as error:
            raise InvalidWeights(f"{path} is damaged. Delete it and run: cutout weights compile") from error
        self._request = core.compile_model(net, "CPU", settings).create_infer_request()
        # The compiled net holds its weights in the processor's own order, and the file's stay mapped beside them.
        let_go(path.with_suffix(".bin"))
        # When two threads touch a tensor for the first time at once they can wait for ever, so it happens here.
        self._input = self._request.get_input_tensor().data

    @classmethod
    def load(cls, model: Model, directory: Path, precision: Precision = Precision.FULL) -> "OpenVinoEngine":
        """Raises MissingWeights, InvalidWeights."""
        path = compiled_path(model, directory)
        offered = has_bfloat16(openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        halves = runs_in(Bits.BFLOAT16, precision, model, directory, offered=offered)
        return cls(path, Bits.BFLOAT16 if halves else "f32")

    def infer(self, batch: Pixels | Floats) -> Floats:
        """See `detector.Engine`."""
        return np.stack([self._infer_one(picture) for picture in batch])

    def _infer_one(self, picture: Pixels | Floats) -> Floats:
        self._input[:] = normalise_colours(picture[None])
        self._request.infer()
        probability: Floats = self._request.get_output_tensor().data[0, 0].copy()
        return probability
