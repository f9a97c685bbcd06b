"""The command line for photos."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from cutout import cli_options
from cutout.choices import Frames, Output
from cutout.cli_options import as_option
from cutout.errors import CutoutError
from cutout.files import Job, Plan, default_output, plan, read_whole, write_whole
from cutout.limits import Limits
from cutout.options import Options
from cutout.settings import CommandLineSettings
from cutout.stages import Budget

if TYPE_CHECKING:
    from cutout.photo_outputs import Result

AT_ONCE = 2
"""Photos of a folder. While one is in the net, which takes all cores, the other is read or written."""


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="OUTPUT", type=click.Path(path_type=Path))
@cli_options.model
@cli_options.engine
@cli_options.precision
@click.option(
    "--outputs",
    callback=as_option("outputs"),
    help="Of png, webp, webp-lossless, jpg, avif, mask, layers; several with commas.  [by OUTPUT, or png]",
)
@click.option("--mask", is_flag=True, help="Write the alpha matte as well.")
@click.option(
    "--background",
    default="transparent",
    callback=as_option("background"),
    help="transparent, a CSS colour as white, #fff or rgb(1,2,3), blur:RADIUS of 1 to 500 pixels, or key:FILE.",
)
@click.option("--crop", default="none", callback=as_option("crop"), help="none, or subject:MARGIN% of 0 to 100.")
@click.option(
    "--shadow",
    default="none",
    callback=as_option("shadow"),
    help="none, or soft:STRENGTH% of 0 to 100 below the subject; soft is soft:40%.",
)
@click.option("--edges", default="fine", callback=as_option("edges"), help="fine for hair and fur, or fast.")
@click.option(
    "--frames",
    default="first",
    callback=as_option("frames"),
    help="first, or all of a GIF, WebP, PNG or AVIF that moves, into one that moves too.",
)
@click.option(
    "--matte",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A grey picture to use in place of the net's matte: one that --mask wrote, or your own.",
)
@click.option(
    "--limit-megapixels", default=round(Limits.megapixels), type=click.IntRange(1, 10_000), help="Refuse larger."
)
@click.option(
    "--limit-frames", default=Limits.frames, type=click.IntRange(1, 100_000), help="Refuse animations of more."
)
def image(
    source: Path,
    target: Path,
    engine: str,
    precision: str,
    outputs: tuple[Output, ...] | None,
    mask: bool,
    matte: Path | None,
    limit_megapixels: int,
    limit_frames: int,
    **choices: Any,
) -> None:
    """Remove the background of INPUT, a photo or a folder of photos, and write it to OUTPUT.

    OUTPUT is a file, whose ending decides the format (.png, .webp, .jpg, .avif, .zip of layers), or a folder. In a
    folder an output is named as its photo plus an ending: a.jpg becomes a.jpg.png.

    \b
    Examples:
      cutout image cat.jpg cat.png
      cutout image cat.jpg cut.jpg --background white --crop subject:10%
      cutout image photos/ cutouts/ --mask --model u2netp
      cutout image cat.gif cat.webp --frames all
      cutout image cat.jpg cat.webp --matte cat.mask.png --background "#fff"
    """
    wanted = outputs or (default_output(target),)
    options = Options(outputs=(*wanted, Output.MASK) if mask and Output.MASK not in wanted else wanted, **choices)
    options.check_for_photo()
    if matte and source.is_dir():
        raise click.UsageError("--matte belongs to one photo: name the photo, not its folder.")
    if matte and options.frames is Frames.ALL:
        raise click.UsageError("--matte belongs to one picture, not to all frames.")
    work = plan(source, target, options.outputs)
    begin = perf_counter()
    limits = Limits(megapixels=limit_megapixels, frames=limit_frames)
    remove = by_matte(matte, options, limits) if matte else by_net(options, engine, precision, limits)
    failures = remove_backgrounds(work, remove, limits, at_once=1 if options.frames is Frames.ALL else AT_ONCE)
    summarise(work, failures, perf_counter() - begin)


def by_net(options: Options, engine: str, precision: str, limits: Limits) -> "Callable[[bytes], Result]":
    """What removes a photo's background with the net of `options`, which is loaded once."""
    from cutout.pipeline import remove_background
    from cutout.saliency import engines
    from cutout.saliency.detector import Detector
    from cutout.saliency.precision import Precision

    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    detector = Detector(engines.load(engines.EngineName(engine), options.model, directory, Precision(precision)))
    return lambda content: remove_background(content, options, detector, limits, reader(limits))


def by_matte(matte: Path, options: Options, limits: Limits) -> "Callable[[bytes], Result]":
    """What removes a photo's background with the matte in a file."""
    from cutout.pipeline import render_again

    drawn = read_whole(matte, limits)
    return lambda content: render_again(content, drawn, options, limits, reader(limits))


def reader(limits: Limits) -> Callable[[str], bytes]:
    return lambda name: read_whole(Path(name), limits)


def remove_backgrounds(
    work: Plan, remove: "Callable[[bytes], Result]", limits: Limits, *, at_once: int
) -> dict[Path, str]:
    """Do all of `work`, going on past what fails; returns what failed, and why.

    `at_once` photos are worked on at a time, and fewer if they have more pixels together than one may have alone. After
    Ctrl-C those in hand are finished.
    """
    from cutout.media.image import pixels_from_header

    memory = Budget(limits.pixels)

    def attempt(job: Job) -> str:
        try:
            content = read_whole(job.source, limits)
            with memory.share(pixels_from_header(content, limits)):
                for rendition in remove(content).renditions:
                    write_whole(job.targets[rendition.output], rendition.content)
        except Exception as error:  # noqa: BLE001 - one photo must not stop the others
            return explained(error)
        return ""

    failures: dict[Path, str] = {}
    threads = ThreadPoolExecutor(at_once)
    try:
        results = threads.map(attempt, work.jobs)
        with click.progressbar(
            work.jobs, label="Removing backgrounds", item_show_func=name_of, file=sys.stderr
        ) as jobs:
            for job in jobs:
                if failure := next(results):
                    failures[job.source] = failure
    finally:
        threads.shutdown(cancel_futures=True)
    return failures


def explained(error: Exception) -> str:
    """In words: the error itself would keep the photo that it is of in memory."""
    return f"{error} [{error.code if isinstance(error, CutoutError) else type(error).__name__}]"


def name_of(job: Job | None) -> str:
    return job.source.name if job else ""


def summarise(work: Plan, failures: dict[Path, str], seconds: float) -> None:
    """Say what was done and what failed and why; end non-zero if anything did."""
    done = [job for job in work.jobs if job.source not in failures]
    if len(done) == 1:
        click.echo(f"Wrote {', '.join(map(str, done[0].targets.values()))} in {seconds:.1f} s.")
    elif done:
        click.echo(f"{len(done)} photos done in {seconds:.1f} s, {len(done) / seconds:.2f} a second.")
    if work.passed_over:
        names = ", ".join(path.name for path in work.passed_over)
        click.echo(f"Passed over {len(work.passed_over)}, not named like a photo: {names}", err=True)
    if not work.jobs:
        raise click.ClickException("There is no photo in that folder.")
    for source, failure in failures.items():
        click.echo(f"{source}: {failure}", err=True)
    if failures:
        raise click.ClickException(f"{len(failures)} of {len(work.jobs)} photos failed.")
