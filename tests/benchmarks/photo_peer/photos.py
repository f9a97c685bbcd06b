"""The photos that are measured: scikit-image's, scaled to as many megapixels, with grain, as JPEG.

    python -m tests.benchmarks.photo_peer.photos FOLDER MEGAPIXELS...

It prints as JSON the paths of all scenes by megapixels. Photos that are there already are not made again.
A photo that is scaled up alone would be smoother than a camera's, and quicker to read and write.
"""

import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

SCENES = {"coffee": skimage.data.coffee, "cat": skimage.data.chelsea, "astronaut": skimage.data.astronaut}
GRAIN = 3.0
"""Standard deviation, of 255, of the noise. As PNG such a photo has 1.1 bytes a pixel, as a camera's has."""

JPEG_QUALITY = 92


def photo_of(scene: str, megapixels: int) -> Image.Image:
    pixels = SCENES[scene]()
    height, width = pixels.shape[:2]
    scale = math.sqrt(megapixels * 1e6 / (height * width))
    size = int(width * scale), int(height * scale)
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    grain = np.empty(scaled.shape, np.int16)
    cv2.setRNGSeed(0)
    cv2.randn(grain, (0, 0, 0), (GRAIN, GRAIN, GRAIN))
    return Image.fromarray(cv2.add(scaled, grain, dtype=cv2.CV_8U))


def main(folder: str, *megapixels: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = {size: [Path(folder) / f"{scene}-{size}.jpg" for scene in SCENES] for size in megapixels}
    for size, files in paths.items():
        for scene, path in zip(SCENES, files, strict=True):
            if not path.exists():
                photo_of(scene, int(size)).save(path, "JPEG", quality=JPEG_QUALITY)
    print(json.dumps({size: [str(path) for path in files] for size, files in paths.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
