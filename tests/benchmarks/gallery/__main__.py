"""`make gallery`: a page and contact sheets of photos, of what rembg 2.0.86 makes of them and of what cutout does.

PHOTOS=FOLDER takes the photos of a folder of yours. Without it, strip.png is what docs/edges.png shows.
"""

import argparse
import os
from pathlib import Path

from cutout.settings import CommandLineSettings
from tests.benchmarks.gallery import photos, sheet
from tests.benchmarks.gallery.page import page
from tests.benchmarks.gallery.removals import Removal, read, removals
from tests.benchmarks.gallery.windows import most_outlined
from tests.benchmarks.photo_peer.tools import CUTOUT

WINDOWS = 4
STRIP_ROWS, STRIP_GROUNDS = 3, ("white",)


def main() -> None:
    given = arguments()
    folder: Path = given.output
    folder.mkdir(parents=True, exist_ok=True)
    shown = photos.of_folder(Path(given.photos)) if given.photos else photos.own(folder / "photos")
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    done, sheets, strip = [], {}, []
    for removal in removals(shown, folder, directory):
        print(removal.photo.path.name, flush=True)
        done.append(removal)
        if CUTOUT in removal.files:
            study = studied(removal)
            sheets[removal.photo.path] = written(study, folder / removal.photo.path.name)
            if len(strip) < STRIP_ROWS:
                strip += sheet.edge_rows(study, STRIP_GROUNDS)[:1]
    (folder / "index.html").write_text(page(done, sheets), encoding="utf-8")
    said = f"the page is {folder}/index.html"
    if strip:
        sheet.grid(strip).save(folder / "strip.png", optimize=True)
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
    return sheet.Study(photo, cutouts, most_outlined(mattes, sheet.edge_side(photo), WINDOWS))


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
