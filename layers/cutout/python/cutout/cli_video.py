"""`cutout video`: one video on the command line."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from cutout import cli_options
from cutout.choices import Output
from cutout.cli_options import as_option
from cutout.errors import MissingPackage
from cutout.files import Job, plan_video
from cutout.limits import VideoLimits
from cutout.options import Options
from cutout.settings import CommandLineSettings

if TYPE_CHECKING:
    from cutout.video_pipeline import Progress, VideoResult


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUTPUT", type=click.Path(path_type=Path))
@cli_options.model
@cli_options.engine
@cli_options.precision
@click.option("--outputs", callback=as_option("outputs"), help="Of mp4, webm, mov, mask; several with commas.  [mp4]")
@click.option(
    "--background",
    default="transparent",
    callback=as_option("background"),
    help="transparent, which is white in an MP4, a CSS colour, blur:RADIUS, or key:FILE, a photo or a video.",
)
@click.option(
    "--net-frames",
    default="auto",
    type=click.Choice(["auto", "every", "key"]),
    help="Frames that the net sees. key: every second one where the motion between is certain, else all; mattes are "
    "carried to the others. auto: every on a GPU, else key.",
)
@click.option(
    "--limit-megapixels", default=VideoLimits.megapixels, type=click.FloatRange(0.001), help="Refuse larger frames."
)
@click.option("--limit-minutes", default=VideoLimits.minutes, type=click.FloatRange(0.001), help="Refuse longer ones.")
def video(
    source: Path,
    target: Path,
    engine: str,
    precision: str,
    net_frames: str,
    outputs: tuple[Output, ...] | None,
    limit_megapixels: float,
    limit_minutes: float,
    **choices: Any,
) -> None:
    """Remove the background of INPUT, a video, and write it to OUTPUT.

    OUTPUT is a file, whose ending decides the format, or a folder. An .mp4 has no alpha: its subject is on white, or on
    the background that you name. A .webm (VP9) and a .mov (ProRes 4444) have alpha. With --outputs mask the matte is
    written as a grey video.

    Sound, times of frames, chapters and colours are kept. At the end a report says what went in, what came out and what
    was lost to damage.

    \b
    Examples:
      cutout video clip.mov clip.mp4
      cutout video clip.mov clip.webm
      cutout video clip.mov cut/ --outputs mp4,mov,mask --background key:beach.mp4
    """
    if find_spec("av") is None:
        raise MissingPackage("Videos need PyAV: pip install 'cutout[video]'.")
    Options(outputs=outputs or (), **choices).check_for_video()
    job = plan_video(source, target, outputs)
    options = Options(outputs=tuple(job.targets), **choices)
    limits = VideoLimits(megapixels=limit_megapixels, minutes=limit_minutes)
    begin = perf_counter()
    result = remove(job, options, engine, precision, net_frames, limits)
    summarise(result, perf_counter() - begin)


def remove(
    job: Job, options: Options, engine: str, precision: str, net_frames: str, limits: VideoLimits
) -> "VideoResult":
    """Do the work under a progress bar."""
    from cutout.matting.key_frames import NetFrames
    from cutout.saliency import engines
    from cutout.saliency.detector import Detector
    from cutout.saliency.precision import Precision
    from cutout.video_pipeline import remove_video_background

    directory = CommandLineSettings.from_environment(os.environ).weights_directory

    def load_detector() -> Detector:
        return Detector(engines.load(engines.EngineName(engine), options.model, directory, Precision(precision)))

    for target in job.targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    with job.source.open("rb") as file, Bar() as bar:
        return remove_video_background(
            file, options, load_detector, limits, job.targets, opened, bar.show, NetFrames(net_frames)
        )


def opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise click.ClickException(f"The background {name} can't be read: {error.strerror}.") from error


class Bar:
    """Frames done, frames a second, and the time that is left where the file says how many frames there are."""

    def __init__(self) -> None:
        self._begin = perf_counter()
        self._bar: Any = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, progress: "Progress") -> None:
        if self._bar is None:
            self._bar = click.progressbar(
                length=progress.frames_from_header or 0,
                label="Frames",
                show_pos=True,
                item_show_func=lambda speed: speed or "",
                file=sys.stderr,
            )
        speed = progress.frames_done / (perf_counter() - self._begin)
        self._bar.update(1, f"{speed:.1f} frames a second")


def summarise(result: "VideoResult", seconds: float) -> None:
    """The report."""
    report = result.report
    names = ", ".join(str(rendition.path) for rendition in result.renditions)
    click.echo(f"Wrote {names} in {seconds:.1f} s, {report.frames_out / seconds:.1f} frames a second.")
    rows = {
        "frames": f"{report.frames_in} in, {report.frames_out} out, {report.frames_lost} lost to damage",
        "net": f"{report.frames_seen} of {report.frames_in} frames",
        "duration": f"{report.seconds_in:.3f} s in, {report.seconds_out:.3f} s out",
        "flicker": f"{report.flicker:.4f} of full alpha from frame to frame, along the motion",
        "subject": f"{result.verdict.subject_share:.0%} of the picture, confidence {result.verdict.confidence:.2f}",
        "seconds": ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items()) + "; stages overlap",
    }
    for name, text in rows.items():
        click.echo(f"  {name:10}{text}")
    for note in report.notes:
        click.echo(f"  note      {note}", err=True)
