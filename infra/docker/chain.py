"""`make sam`: the function's image built by `sam build`, and run in every way that this machine can."""

import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cutout.errors import CutoutError
from cutout.settings import CommandLineSettings
from infra.docker import sam
from infra.docker.answers import HandlerFailed
from infra.docker.base_image import prepare_base_image
from infra.docker.command import CommandFailed
from infra.docker.emulator import EmulatorFailed
from infra.docker.image_size import image_size
from infra.docker.log import Log
from infra.docker.outcome_check import OutcomeCheck, Unexpected
from infra.docker.reference import Difference, Reference
from infra.docker.sam import LocalLambda, sam_environment, variables_file
from infra.docker.stand_in import INSIDE, StandIn, function_variables, stand_in
from infra.docker.tiers import QUICK, Tiers, TierUnavailable
from infra.docker.wheelhouse import WheelhouseError
from infra.local.up import interrupt

IMAGE = "imagefunction:cutout-image"
LIMIT_MEGABYTES = 900

Failures = (
    CommandFailed,
    CutoutError,
    Difference,
    EmulatorFailed,
    HandlerFailed,
    Unexpected,
    WheelhouseError,
)


def prepare(log: Log, environment: Mapping[str, str]) -> str:
    """Build the image; returns the base image that it stands on."""
    base_image = prepare_base_image(log)
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
