"""How far two mattes are apart, as JSON: `python -m tests.benchmarks.photo_peer.agreement PNG PNG`."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np


def alpha(path: str) -> np.ndarray:
    return cv2.imdecode(np.fromfile(Path(path), np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]


def main(one: str, other: str) -> None:
    print(json.dumps(float(cv2.absdiff(alpha(one), alpha(other)).mean() / 255)))


if __name__ == "__main__":
    main(*sys.argv[1:])
