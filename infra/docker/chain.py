"""`make sam`: the function's image built by `sam build`, and run in every way that this machine can."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

from cutout.errors import CutoutError
from cutout.settings import CommandLineSettings
from infra.docker import sam, wheelhouse
from infra.docker.answers import HandlerFailed
from infra.docker.command import CommandFailed, run
from infra.docker.emulator import EmulatorFailed
from infra.docker.image_size import image_size
from infra.docker.outcome_check import OutcomeCheck, Unexpected
from infra.docker.reference import Difference, Reference
from infra.docker.sam import LocalLambda, sam_environment, variables_file
from infra.docker.stand_in import INSIDE, StandIn, function_variables, stand_in
from infra.docker.tiers import QUICK, Tiers, TierUnavailable
from infra.docker.wheelhouse import WheelhouseError
from infra.local.aws import REPOSITORY
from infra.local.up import interrupt

BASE_IMAGE = "python:3.11-slim-bookworm"
IMAGE = "imagefunction:cutout-image"
LIMIT_MEGABYTES = 900
BASE_IMAGE_SECONDS = 590

Failures = (
    CommandFailed,
    CutoutError,
    Difference,
    EmulatorFailed,
    HandlerFailed,
    Unexpected,
    WheelhouseError,
)


class Log:
    """Says what is done, and when, in seconds from the start."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def say(self, text: str) -> None:
        click.echo(f"{time.monotonic() - self._begin:6.1f} s  {text}")


def prepare(log: Log, environment: Mapping[str, str]) -> str:
    """Build the image; returns the base image that it stands on."""
    script = REPOSITORY / "infra" / "docker" / "base-image.sh"
    found = run([str(script), BASE_IMAGE], timeout_seconds=BASE_IMAGE_SECONDS)
    base_image = found.stdout.strip()
    for line in [*found.stderr.splitlines(), f"base image: {base_image}"]:
        log.say(line)
    wheels = REPOSITORY / ".cache" / "wheelhouse"
    if base_image != BASE_IMAGE or wheels.is_dir():
        filled = wheelhouse.fill(wheels, REPOSITORY / "pyproject.toml")
        log.say(f"wheelhouse: {'filled' if filled else 'filled already'}")
    sam.build(base_image, sam_environment(environment))
    log.say("sam build: done")
    return base_image


def check_image(log: Log) -> None:
    size = image_size(IMAGE)
    for line in size.lines():
        log.say(line)
    if size.holds_torch:
        raise Unexpected("the image holds torch, which only its building needs")
    if size.whole > LIMIT_MEGABYTES:
        raise Unexpected(f"the image has {size.whole:.0f} MB, and {LIMIT_MEGABYTES} are the limit")


def run_tiers(log: Log, aws: StandIn, environment: Mapping[str, str]) -> list[str]:
    """Run the image in every way; returns the ways that this machine lacks, and why."""
    check = OutcomeCheck.of(aws, Reference.of(CommandLineSettings.from_environment(environment).weights_directory))
    unavailable = []
    with tempfile.TemporaryDirectory() as folder:
        told = sam_environment(environment, aws.endpoint)
        local = LocalLambda(variables_file(Path(folder) / "full.json", function_variables(INSIDE)), told)
        small = {**function_variables(INSIDE), "CUTOUT_MODEL": QUICK.model.value}
        quick = LocalLambda(variables_file(Path(folder) / "quick.json", small), told)
        tiers = Tiers(local, quick, IMAGE, check, lambda text: log.say(f"  {text}"))
        for name, tier in {
            "sam local invoke": tiers.invoke_once_for_each_recorded_event,
            "sam local start-lambda": tiers.serve,
            "nobody, read-only, loopback": tiers.harden,
        }.items():
            log.say(f"{name}:")
            try:
                tier()
            except TierUnavailable as reason:
                unavailable.append(f"{name}: {reason}")
    return unavailable


def main(environment: Mapping[str, str]) -> int:
    """The exit status. With CI=true, a way that the machine lacks is a failure."""
    log = Log()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        base_image = prepare(log, environment)
        check_image(log)
        with stand_in(base_image) as aws:
            log.say(f"an AWS in a container: {aws.endpoint}")
            unavailable = run_tiers(log, aws, environment)
    except Failures as error:
        log.say(f"make sam: FAILED. {type(error).__name__}: {error}")
        return 1
    for reason in unavailable:
        log.say(f"DID NOT RUN. {reason}")
    if unavailable and environment.get("CI") == "true":
        log.say("make sam: FAILED. In CI everything runs.")
        return 1
    log.say(f"make sam: the image does its work in Docker{'' if not unavailable else ', as far as it was run'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
