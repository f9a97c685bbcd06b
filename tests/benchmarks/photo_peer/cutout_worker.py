"""cutout as a worker, requests as in `worker.Worker`:

python -m tests.benchmarks.photo_peer.cutout_worker MODEL EDGES
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from cutout.choices import Edges
from cutout.errors import CutoutError
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import Options
from cutout.pipeline import remove_background
from cutout.saliency import engines
from cutout.saliency.detector import Detector
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.settings import CommandLineSettings

NOISE = np.random.default_rng(0).integers(0, 256, (1, INPUT_SIDE, INPUT_SIDE, 3), np.uint8)


def no_file(name: str) -> bytes:
    raise FileNotFoundError(name)


def main(model: str, edges: str) -> None:
    options = Options(model=Model(model), edges=Edges(edges))
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    engine = engines.load(engines.EngineName.AUTO, options.model, directory)
    detector = Detector(engine)
    for line in sys.stdin:
        request = json.loads(line)
        if "net" in request:
            begin = perf_counter()
            engine.infer(NOISE)
            answer: dict[str, Any] = {"seconds": perf_counter() - begin}
        else:
            answer = answer_of(request["photo"], request["target"], options, detector)
        print(json.dumps(answer), flush=True)


def answer_of(photo: str, target: str | None, options: Options, detector: Detector) -> dict[str, Any]:
    content = Path(photo).read_bytes()
    begin = perf_counter()
    try:
        result = remove_background(content, options, detector, Limits(), no_file)
    except CutoutError as error:
        return {"refused": str(error)}
    seconds = perf_counter() - begin
    if target:
        Path(target).write_bytes(result.renditions[0].content)
    return {"seconds": seconds, "stages": result.seconds, "verdict": asdict(result.verdict)}


if __name__ == "__main__":
    main(*sys.argv[1:])
