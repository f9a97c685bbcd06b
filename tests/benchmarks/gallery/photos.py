"""The photos that are shown: scikit-image's, which anybody may show, or all of a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import skimage.data
from PIL import Image

from cutout.arrays import Pixels
from cutout.files import PHOTO_SUFFIXES


@dataclass(frozen=True)
class Photo:
    """A photo's file, and whose it is, as far as that is known."""

    path: Path
    credit: str = ""


OWN: dict[str, tuple[Callable[[], Pixels], str]] = {
    "coffee": (skimage.data.coffee, "by Rachel Michetti, CC0"),
    "astronaut": (skimage.data.astronaut, "Eileen Collins, by NASA, in the public domain"),
    "cat": (skimage.data.chelsea, "Chelsea, by Stéfan van der Walt, CC0"),
    "rocket": (skimage.data.rocket, "DSCOVR on a Falcon 9, by SpaceX, in the public domain"),
}


def own(folder: Path) -> list[Photo]:
    """scikit-image's, written to `folder` without loss."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for name, (read, credit) in OWN.items():
        photos.append(Photo(folder / f"{name}.png", credit))
        Image.fromarray(read()).save(photos[-1].path)
    return photos


def of_folder(folder: Path) -> list[Photo]:
    """All files in `folder` that are named like a photo."""
    if not folder.is_dir():
        raise SystemExit(f"make gallery: there is no folder {folder}.")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise SystemExit(f"make gallery: there is no photo in {folder}.")
    return [Photo(path) for path in paths]
