"""What each tool makes of each photo."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cutout.arrays import Matte, Pixels, as_depth
from cutout.choices import Edges
from cutout.limits import Limits
from cutout.media.colour import converted
from cutout.media.image import decode
from tests.benchmarks.gallery.photos import Photo
from tests.benchmarks.photo_peer import measure, tools
from tests.benchmarks.photo_peer.worker import Done, PhotoRefused

MODEL = "u2net"


@dataclass(frozen=True, eq=False)
class Layer:
    """`pixels`: H x W x 3 uint8 in sRGB, straight. `alpha`: H x W uint8."""

    pixels: Pixels
    alpha: Matte


@dataclass(frozen=True)
class Removal:
    """A photo, and by tool the cutout's file and what the tool said of its work, or `refused`: why it made none."""

    photo: Photo
    files: Mapping[str, Path]
    done: Mapping[str, Done]
    refused: Mapping[str, str]


def read(path: Path) -> Layer:
    """A picture as a browser shows it."""
    picture = decode(path.read_bytes(), Limits())
    pixels = converted(as_depth(picture.pixels, np.uint8), picture.icc_profile, None)
    alpha = np.full(pixels.shape[:2], 255, np.uint8) if picture.alpha is None else as_depth(picture.alpha, np.uint8)
    return Layer(pixels, alpha)


def removals(photos: Sequence[Photo], folder: Path, weights_directory: Path) -> Iterator[Removal]:
    """All `photos` through all tools in turn, each in a warm process of its own. Cutouts are written to `folder`."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        compared = [tools.rembg(MODEL, weights_directory, home), tools.cutout(MODEL), tools.cutout(MODEL, Edges.FAST)]
        workers = measure.started(compared, stack)
        for worker in workers.values():
            worker.net()
        for photo in photos:
            yield removal(photo, folder, workers)


def removal(photo: Photo, folder: Path, workers: measure.Workers) -> Removal:
    files, done, refused = {}, {}, {}
    for tool, worker in workers.items():
        target = folder / f"{photo.path.name}.{tool.replace(' ', '-')}.png"
        try:
            done[tool] = worker.photo(photo.path, target)
            files[tool] = target
        except PhotoRefused as error:
            refused[tool] = str(error)
    return Removal(photo, files, done, refused)
