"""Using the embedded AWS from the terminal: `cutout up`."""

import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from cutout.files import write_whole
from cutout.models import Model
from cutout.saliency.engine_openvino import compiled_path
from infra.local.aws import EmbeddedAws
from infra.local.outcomes import OutcomeEvent
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

OUTCOME_TIMEOUT_SECONDS = 300
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
        compiled_path(model, weights_directory)
    begin = time.perf_counter()
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        with EmbeddedAws(function_environment={"CUTOUT_WEIGHTS_DIR": str(weights_directory)}) as aws:
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
    """Upload `files`, wait for the outcome of each, and save all outputs in `folder`."""
    uploads = [_upload(aws, file) for file in files]
    outcomes: dict[Path, OutcomeEvent] = {}
    with click.progressbar(uploads, label="Waiting for outcomes", item_show_func=_name, file=sys.stderr) as waiting:
        for upload in waiting:
            outcome = aws.outcomes.wait(upload.key, upload.version, OUTCOME_TIMEOUT_SECONDS)
            outcomes[upload.file] = outcome
            for output in outcome.detail.get("outputs", ()):
                stored = aws.client("s3").get_object(Bucket=output["bucket"], Key=output["key"])
                write_whole(folder / output["key"], stored["Body"].read())
    return outcomes


def _upload(aws: EmbeddedAws, file: Path) -> Upload:
    answer = aws.client("s3").put_object(Bucket=aws.outputs["InputBucket"], Key=file.name, Body=file.read_bytes())
    return Upload(file, file.name, answer["VersionId"])


def _name(upload: Upload | None) -> str:
    return upload.key if upload else ""


def described(outcome: OutcomeEvent) -> str:
    """One line that says what became of an upload."""
    detail = outcome.detail
    if outcome.is_removed:
        seconds = sum(detail["seconds"].values())
        keys = ", ".join(output["key"] for output in detail["outputs"])
        return f"{detail['upload']['key']}: {keys} in {seconds:.2f} s, subject {detail['verdict']['subject_share']:.0%}"
    return f"{detail['upload']['key']}: {detail['error']['message']} [{detail['error']['code']}]"


def watch(aws: EmbeddedAws) -> None:
    """Say what becomes of each upload, until Ctrl-C."""
    click.echo("Upload with any S3 client, for example:")
    click.echo(f"  export AWS_ENDPOINT_URL={aws.endpoint} AWS_DEFAULT_REGION={REGION}")
    click.echo(f"  export AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}")
    click.echo(f"  aws s3 cp photo.jpg s3://{aws.outputs['InputBucket']}/")
    click.echo(f"The function prints to {aws.function_log}. Ctrl-C ends everything; nothing is kept.")
    told = 0
    with suppress(KeyboardInterrupt):
        while True:
            for outcome in aws.outcomes.all()[told:]:
                click.echo(described(outcome))
                told += 1
            time.sleep(WATCH_SECONDS)
