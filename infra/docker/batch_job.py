"""The video job's container, run as AWS Batch runs it by `infra/video.yaml`, but for the GPU."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutout.events import Upload
from infra.docker.command import run
from infra.docker.hardened import NOBODY
from infra.docker.stand_in import INSIDE, NETWORK, function_variables
from infra.local.aws import REPOSITORY
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.local.template import load

CONTAINER = "cutout-job"
MEMORY_MEGABYTES = 4096
JOB_SECONDS = 180
RULES = ("--init", "--user", NOBODY, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
SCRATCH = ("--volume", "/tmp")  # noqa: S108 - new for each job, and of the mode that the image's own has


def run_job(image: str, upload: Upload, job_id: str, settings: Mapping[str, str]) -> str:
    """Run one attempt of the job for `upload`; returns what it logged.

    Raises:
        CommandFailed: it ended with another exit status than 0, or took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "variables"
        told = {**job_variables(job_id), **settings}
        listing.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
        limits = ["--network", NETWORK, "--memory", f"{MEMORY_MEGABYTES}m", *RULES, *SCRATCH]
        docker = ["docker", "run", "--rm", "--name", CONTAINER, *limits, "--env-file", str(listing), image]
        remove()
        try:
            printed = run([*docker, *command(upload)], timeout_seconds=JOB_SECONDS)
        finally:
            remove()
    return printed.stdout + printed.stderr


def job_definition() -> dict[str, Any]:
    """`ContainerProperties` of the template's own job definition."""
    (definition,) = [
        resource["Properties"]["ContainerProperties"]
        for resource in load(REPOSITORY / "infra" / "video.yaml")["Resources"].values()
        if resource["Type"] == "AWS::Batch::JobDefinition"
    ]
    return dict(definition)


def command(upload: Upload) -> list[str]:
    """The job definition's own command, with the parameters that EventBridge submits."""
    parameters: dict[str, str] = {
        "Ref::bucket": upload.bucket,
        "Ref::key": upload.key,
        "Ref::version": upload.version or "-",
        "Ref::etag": upload.etag or "-",
    }
    words: list[str] = job_definition()["Command"]
    if not parameters.keys() <= set(words):
        raise ValueError(f"infra/video.yaml runs {words}, which doesn't name {', '.join(parameters)}")
    return [parameters.get(word, word) for word in words]


def job_variables(job_id: str) -> dict[str, str]:
    """What Batch and the template would tell the job."""
    return {
        **function_variables(INSIDE),
        "AWS_BATCH_JOB_ID": job_id,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }


def remove() -> None:
    """Remove the container and its scratch volume, if they are there."""
    run(["docker", "rm", "--force", "--volumes", CONTAINER], timeout_seconds=60)
