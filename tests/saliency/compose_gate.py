"""Composes the sheet of scenes that the gate looks at: python -m tests.saliency.compose_gate"""

import os
from pathlib import Path

import numpy as np
from PIL import Image

import cutout.saliency
from cutout.models import Model
from cutout.saliency.detector import Detector
from cutout.saliency.engine_winograd import WinogradEngine
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.settings import CommandLineSettings
from tests.benchmarks.net_scenes import composed

DOWN, ACROSS = 4, 6
SHEET = Path(cutout.saliency.__file__).parent / "gate_scenes.webp"
QUALITY = 40
SEED = 0


def main() -> None:
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    pictures, truth = composed(Detector(WinogradEngine.load(Model.U2NET, directory)), SEED)
    tiles = np.concatenate([pictures, np.rint(truth * 255).astype(np.uint8)[..., None]], axis=3)
    rows = tiles.reshape(DOWN, ACROSS, INPUT_SIDE, INPUT_SIDE, 4).swapaxes(1, 2)
    sheet = Image.fromarray(rows.reshape(DOWN * INPUT_SIDE, ACROSS * INPUT_SIDE, 4))
    sheet.save(SHEET, quality=QUALITY, method=6, exact=True)


if __name__ == "__main__":
    main()
