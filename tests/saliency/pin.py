"""Makes the pinned saliency maps anew, with the authors' ONNX graphs in ONNX Runtime: python tests/saliency/pin.py"""

import os
from pathlib import Path

import numpy as np
import onnxruntime
import skimage.data
from PIL import Image

from cutout.models import Model
from cutout.saliency.fetch import locate
from cutout.saliency.preprocess import INPUT_SIDE, normalise_colours, resize_bilinear
from cutout.settings import CommandLineSettings

PINNED = Path(__file__).parent / "pinned"


def main() -> None:
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    for model in Model:
        session = onnxruntime.InferenceSession(locate(model, directory), providers=["CPUExecutionProvider"])
        batch = normalise_colours(resize_bilinear(skimage.data.chelsea(), INPUT_SIDE)[None])
        probability = session.run(None, {session.get_inputs()[0].name: batch})[0][0, 0]
        Image.fromarray(np.rint(probability * 255).astype(np.uint8)).save(PINNED / f"chelsea.{model}.png")


if __name__ == "__main__":
    main()
