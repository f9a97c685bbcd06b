"""U-2-Net on OpenVINO, the fastest engine on CPUs. Compiling a net for it takes torch; running it doesn't."""

from pathlib import Path

import numpy as np
import openvino

from cutout.arrays import Floats
from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model


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


class OpenVinoEngine:
    """Runs one image at a time, in f32. One image fills a CPU's cores, and a fixed shape is up to a tenth faster."""

    def __init__(self, path: Path) -> None:
        core = openvino.Core()
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        try:
            net = core.read_model(path)
        except RuntimeError as error:
            raise InvalidWeights(f"{path} is damaged. Delete it and run: cutout weights compile") from error
        self._request = core.compile_model(net, "CPU", settings).create_infer_request()
        # When two threads touch a tensor for the first time at once they can wait for ever, so it happens here.
        self._input = self._request.get_input_tensor().data

    @classmethod
    def load(cls, model: Model, directory: Path) -> "OpenVinoEngine":
        return cls(compiled_path(model, directory))

    def infer(self, batch: Floats) -> Floats:
        """See `detector.Engine`."""
        return np.stack([self._infer_one(image) for image in batch])

    def _infer_one(self, image: Floats) -> Floats:
        self._input[0] = image
        self._request.infer()
        probability: Floats = self._request.get_output_tensor().data[0, 0].copy()
        return probability
