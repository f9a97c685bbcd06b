"""Using the embedded AWS from the terminal: `cutout up`."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from cutout.models import Model
from cutout.routes import is_video
from cutout.saliency import engines
from infra.local.aws import EmbeddedAws
from infra.local.jobs import JobStatus
from infra.local.outcomes import OutcomeEvent, OutcomeMissing
from infra.local.progress import last_progress
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

OUTCOME_TIMEOUT_SECONDS = 300

# A video is waited for as long as any job is at work, and so long beyond: between two jobs there is a moment without.
IDLE_TIMEOUT_SECONDS = 30
WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Upload:
    """One file that was put into the input bucket, under its name and as a version of its own."""

    file: Path
    key: str
    version: str


@contextmanager
def embedded_aws(weights_directory: Path) -> Iterator[EmbeddedAws]:
    """The embedded AWS with the real weights, closed in good order on Ctrl-C and SIGTERM alike.

    Raises:
        MissingWeights: a net has not been compiled.
    """
    for model in Model:
        engines.load(engines.EngineName.AUTO, model, weights_directory)
    begin = time.perf_counter()
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        weights = {"CUTOUT_WEIGHTS_DIR": str(weights_directory)}
        with EmbeddedAws(function_environment=weights, job_environment=weights) as aws:
            click.echo(f"The embedded AWS is up, template.yaml deployed, after {time.perf_counter() - begin:.1f} s:")
            for name, address in addresses(aws).items():
                click.echo(f"  {name:14}{address}")
            yield aws
    finally:
        signal.signal(signal.SIGTERM, previous)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that what was started is taken away."""
    raise KeyboardInterrupt


def addresses(aws: EmbeddedAws) -> Mapping[str, str]:
    return {
        "endpoint": aws.endpoint,
        "input bucket": aws.outputs["InputBucket"],
        "output bucket": aws.outputs["OutputBucket"],
        "result bus": aws.outputs["ResultBus"],
    }


def upload_and_wait(aws: EmbeddedAws, files: Sequence[Path], folder: Path) -> dict[Path, OutcomeEvent]:
    """Upload `files`, wait for the outcome of each, and save all outputs in `folder`.

    Raises:
        click.ClickException: an upload got no outcome.
    """
    uploads = [_upload(aws, file) for file in files]
    outcomes: dict[Path, OutcomeEvent] = {}
    with click.progressbar(uploads, label="Waiting for outcomes", item_show_func=_name, file=sys.stderr) as waiting:
        for upload in waiting:
            try:
                outcome = _outcome(aws, upload, waiting)
            except OutcomeMissing as error:
                raise click.ClickException(str(error)) from error
            outcomes[upload.file] = outcome
            for output in outcome.detail.get("outputs", ()):
                _save(aws, output, folder)
    return outcomes


def _outcome(aws: EmbeddedAws, upload: Upload, waiting: "ProgressBar[Upload]") -> OutcomeEvent:
    if is_video(upload.key):
        return outcome_of_video(aws, upload, lambda text: _show(waiting, text))
    return aws.outcomes.wait(upload.key, upload.version, OUTCOME_TIMEOUT_SECONDS)


def outcome_of_video(
    aws: EmbeddedAws, upload: Upload, show: Callable[[str], None], idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS
) -> OutcomeEvent:
    """Wait for as long as jobs are at work. `show` is told how far they are.

    Raises:
        OutcomeMissing: the upload's own job failed for good, or none is at work.
    """
    alive = time.monotonic()
    while (event := aws.outcomes.find(upload.key, upload.version)) is None:
        if aws.jobs.at_work:
            alive = time.monotonic()
            show(last_progress(aws.job_log, upload.key))
        elif JobStatus.FAILED in aws.jobs.statuses(upload.key, upload.version):
            raise aws.outcomes.missing(upload.key, upload.version, "because its job failed for good")
        elif time.monotonic() - alive > idle_timeout_seconds:
            raise aws.outcomes.missing(upload.key, upload.version, "although no job is at work")
        aws.outcomes.listen()
    return event


def _show(waiting: "ProgressBar[Upload]", text: str) -> None:
    waiting.label = f"Waiting for outcomes{text}"
    waiting.render_progress()


def _save(aws: EmbeddedAws, output: Mapping[str, str], folder: Path) -> None:
    path = folder / output["key"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".cutout-", dir=path.parent) as beside:
        whole = Path(beside) / "whole"
        aws.client("s3").download_file(output["bucket"], output["key"], str(whole))
        whole.replace(path)


def _upload(aws: EmbeddedAws, file: Path) -> Upload:
    with file.open("rb") as content:
        answer = aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key=file.name, Body=content)
    return Upload(file, file.name, answer["VersionId"])


def _name(upload: Upload | None) -> str:
    return upload.key if upload else ""


def described(outcome: OutcomeEvent) -> str:
    """One line that says what became of an upload."""
    detail = outcome.detail
    if outcome.is_removed:
        seconds = sum(detail["seconds"].values())
        keys = ", ".join(output["key"] for output in detail["outputs"])
        line = f"{detail['upload']['key']}: {keys} in {seconds:.2f} s, subject {detail['verdict']['subject_share']:.0%}"
        return line + _reported(detail["report"]) if "report" in detail else line
    return f"{detail['upload']['key']}: {detail['error']['message']} [{detail['error']['code']}]"


def _reported(report: Mapping[str, Any]) -> str:
    """What a video's report adds to the line."""
    lost = f", {report['frames_lost']} lost" if report["frames_lost"] else ""
    notes = "".join(f" {note}" for note in report["notes"])
    return f", {report['frames_out']} frames{lost}, flicker {report['flicker']:.3f}.{notes}"


def watch(aws: EmbeddedAws) -> None:
    """Say what becomes of each upload, until Ctrl-C."""
    click.echo("Upload with any S3 client, for example:")
    click.echo(f"  export AWS_ENDPOINT_URL={aws.endpoint} AWS_DEFAULT_REGION={REGION}")
    click.echo(f"  export AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}")
    click.echo(f"  aws s3 cp photo.jpg s3://{aws.outputs['InputBucket']}/")
    click.echo(f"The function prints to {aws.function_log}, video jobs to {aws.job_log}.")
    click.echo("Ctrl-C ends everything; nothing is kept.")
    told = 0
    with suppress(KeyboardInterrupt):
        while True:
            for outcome in aws.outcomes.all()[told:]:
                click.echo(described(outcome))
                told += 1
            time.sleep(WATCH_SECONDS)
