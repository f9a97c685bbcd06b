"""`make demo`: a real photo through the embedded AWS, and a picture of it before and after."""

import os
import sys
from pathlib import Path

import click
import numpy as np
import skimage.data
from PIL import Image, ImageOps

from cutout.errors import CutoutError
from cutout.settings import CommandLineSettings
from infra.local.up import described, embedded_aws, upload_and_wait

FOLDER = Path("demo")
SIDE_PIXELS = 600
TILE_PIXELS = 12


def main() -> None:
    """Upload the photo named on the command line, or one that scikit-image ships, and show what comes back."""
    given = "".join(sys.argv[1:])
    file = Path(given) if given else coffee()
    if not file.is_file():
        raise click.ClickException(f"There is no file {file}.")
    if file.parent.resolve() == FOLDER.resolve() and given:
        raise click.ClickException(f"{file} lies where the results go. Move it elsewhere.")
    with embedded_aws(CommandLineSettings.from_environment(os.environ).weights_directory) as aws:
        (outcome,) = upload_and_wait(aws, [file], FOLDER).values()
    click.echo(described(outcome))
    if not outcome.is_removed:
        raise click.ClickException("The photo was refused.")
    cutout = FOLDER / outcome.detail["outputs"][0]["key"]
    picture = FOLDER / "before-after.jpg"
    before_after(file, cutout).save(picture, quality=88)
    click.echo(f"make demo: the cutout is {cutout}, and before and after side by side is {picture}.")


def coffee() -> Path:
    """A photo of a cup of coffee by Rachel Michetti, dedicated to the public domain."""
    path = FOLDER / "coffee.jpg"
    FOLDER.mkdir(exist_ok=True)
    Image.fromarray(skimage.data.coffee()).save(path, quality=95)
    return path


def before_after(photo: Path, cutout: Path) -> Image.Image:
    """The photo, and beside it the cutout on the checkerboard that stands for nothing."""
    size = (SIDE_PIXELS, SIDE_PIXELS)
    before = ImageOps.contain(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"), size)
    after = ImageOps.contain(Image.open(cutout).convert("RGBA"), size)
    board = checkerboard(*after.size).convert("RGBA")
    board.alpha_composite(after)
    both = Image.new("RGB", (before.width + after.width, max(before.height, after.height)), "white")
    both.paste(before, (0, 0))
    both.paste(board.convert("RGB"), (before.width, 0))
    return both


def checkerboard(width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[:height, :width] // TILE_PIXELS
    return Image.fromarray(np.where((rows + columns) % 2 == 0, 255, 204).astype(np.uint8))


if __name__ == "__main__":
    try:
        main()
    except (CutoutError, click.ClickException) as error:
        sys.exit(f"make demo: {error}")
    except KeyboardInterrupt:
        sys.exit("make demo: stopped.")
