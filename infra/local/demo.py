"""`make demo`: a real photo and a real clip through the embedded AWS, and pictures of them before and after."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import skimage.data
from PIL import Image

from cutout.errors import CutoutError
from cutout.routes import is_video
from cutout.settings import CommandLineSettings
from infra.local.clip import write_clip
from infra.local.contact_sheet import before_after, contact_sheet
from infra.local.outcomes import OutcomeEvent
from infra.local.up import described, embedded_aws, upload_and_wait

FOLDER = Path("demo")


def main() -> None:
    """Upload the file named on the command line, or a photo and a clip of our own, and show what comes back."""
    files = given(Path("".join(sys.argv[1:]))) if "".join(sys.argv[1:]) else own()
    with embedded_aws(CommandLineSettings.from_environment(os.environ).weights_directory) as aws:
        outcomes = upload_and_wait(aws, files, FOLDER)
    for outcome in outcomes.values():
        click.echo(described(outcome))
    refused = [file.name for file, outcome in outcomes.items() if not outcome.is_removed]
    if refused:
        raise click.ClickException(f"Refused: {', '.join(refused)}.")
    shown = "; ".join(show(file, outcome) for file, outcome in outcomes.items())
    click.echo(f"make demo: {shown}.")


def given(file: Path) -> Sequence[Path]:
    if not file.is_file():
        raise click.ClickException(f"There is no file {file}.")
    if file.parent.resolve() == FOLDER.resolve():
        raise click.ClickException(f"{file} lies where the results go. Move it elsewhere.")
    return [file]


def own() -> Sequence[Path]:
    FOLDER.mkdir(exist_ok=True)
    clip = FOLDER / "clip.mp4"
    write_clip(clip)
    return [coffee(), clip]


def coffee() -> Path:
    """A photo of a cup of coffee by Rachel Michetti, dedicated to the public domain."""
    path = FOLDER / "coffee.jpg"
    Image.fromarray(skimage.data.coffee()).save(path, quality=95)
    return path


def show(file: Path, outcome: OutcomeEvent) -> str:
    """Make the picture of before and after; where it and the result are."""
    result = FOLDER / outcome.detail["outputs"][0]["key"]
    if is_video(file.name):
        picture, shown = FOLDER / "before-after-video.jpg", contact_sheet(file, result)
    else:
        picture, shown = FOLDER / "before-after.jpg", before_after(file, result)
    shown.save(picture, quality=88)
    return f"{file.name} without its background is {result}, and before and after together are {picture}"


if __name__ == "__main__":
    try:
        main()
    except (CutoutError, click.ClickException) as error:
        sys.exit(f"make demo: {error}")
    except KeyboardInterrupt:
        sys.exit("make demo: stopped.")
