"""`make gallery`: a page and contact sheets of photos, of what rembg 2.0.86 makes of them and of what cutout does.

Beside them is what the notebook that cutout grew from made of the same saliency map.

PHOTOS=FOLDER takes the photos of a folder of yours. Without it, strip.png is what docs/edges.png shows.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from cutout.settings import CommandLineSettings
from tests.benchmarks.gallery import photos, sheet
from tests.benchmarks.gallery.page import page
from tests.benchmarks.gallery.removals import Layer, Removal, read, removals
from tests.benchmarks.gallery.subtraction import subtracted
from tests.benchmarks.gallery.windows import most_outlined
from tests.benchmarks.photo_peer.tools import CUTOUT, CUTOUT_FAST

NOTEBOOK = "notebook"
WINDOWS = 4
HALF_OPAQUE = 128
STRIP_ROWS = 3


def main() -> None:
    given = arguments()
    folder: Path = given.output
    folder.mkdir(parents=True, exist_ok=True)
    shown = photos.of_folder(Path(given.photos)) if given.photos else photos.own(folder / "photos")
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    done, sheets, studies = [], {}, []
    for removal in removals(shown, folder, directory):
        print(removal.photo.path.name, flush=True)
        done.append(removal)
        if CUTOUT in removal.files:
            study = studied(removal)
            sheets[removal.photo.path] = written(study, folder / removal.photo.path.name)
            if len(studies) < STRIP_ROWS:
                studies.append(study)
    (folder / "index.html").write_text(page(done, sheets), encoding="utf-8")
    said = f"the page is {folder}/index.html"
    if studies:
        sheet.grid(strip(studies)).save(folder / "strip.png", optimize=True)
        said += f", a strip of edges {folder}/strip.png"
    print(f"make gallery: {said}.")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", default="", help="a folder of photos (scikit-image's)")
    parser.add_argument("--output", type=Path, default=Path(".cache/gallery"), help="where all goes (.cache/gallery)")
    return parser.parse_args()


def studied(removal: Removal) -> sheet.Study:
    photo, cutouts = read(removal.photo.path), {tool: read(file) for tool, file in removal.files.items()}
    mattes = [cutout.alpha for cutout in cutouts.values()]
    windows = most_outlined(mattes, sheet.edge_side(photo), WINDOWS)
    if CUTOUT_FAST not in cutouts:
        return sheet.Study(photo, cutouts, windows)
    alpha = cutouts[CUTOUT_FAST].alpha
    kept = subtracted(photo.pixels, alpha)
    holes = cv2.inRange(alpha, HALF_OPAQUE, 255) & ~kept
    windows += most_outlined([holes], sheet.edge_side(photo), 1)
    return sheet.Study(photo, {NOTEBOOK: Layer(photo.pixels, kept), **cutouts}, windows, holes.mean() / 255)


def strip(studies: Sequence[sheet.Study]) -> list[list[sheet.Tile]]:
    """The edge of each that is most outlined, over white, and the holes that the notebook made most of, over green."""
    rows = [row for study in studies for row in sheet.edge_rows(study, ("white",))[:1]]
    holed = max(studies, key=lambda study: study.holes_share)
    return rows + (sheet.edge_rows(holed, ("green",))[-1:] if holed.holes_share else [])


def written(study: sheet.Study, stem: Path) -> list[Path]:
    """The sheets of one photo, in files whose names begin with `stem`."""
    made = {"whole": sheet.whole(study)}
    if study.windows:
        made["edges"] = sheet.grid(sheet.edge_rows(study))
    paths = [stem.with_name(f"{stem.name}.{name}.png") for name in made]
    for path, picture in zip(paths, made.values(), strict=True):
        picture.save(path)
    return paths


if __name__ == "__main__":
    main()
