"""The image that all of ours stand on, and the wheels that they are built of where containers reach no index."""

from infra.docker import wheelhouse
from infra.docker.command import run
from infra.docker.log import Log
from infra.local.aws import REPOSITORY

BASE_IMAGE = "python:3.11-slim-bookworm"
SECONDS = 590


def prepare_base_image(log: Log) -> str:
    """Make the base image available, and the wheels of the image function and the stand-in; returns its name.

    Where it isn't `BASE_IMAGE`, there is no registry, and containers are taken to reach no index either.
    """
    script = REPOSITORY / "infra" / "docker" / "base-image.sh"
    found = run([str(script), BASE_IMAGE], timeout_seconds=SECONDS)
    base_image = found.stdout.strip()
    for line in [*found.stderr.splitlines(), f"base image: {base_image}"]:
        log.say(line)
    wheels = REPOSITORY / ".cache" / "wheelhouse"
    if base_image != BASE_IMAGE or wheels.is_dir():
        filled = wheelhouse.fill_for_image(wheels, REPOSITORY)
        log.say(f"wheelhouse: {'filled' if filled else 'filled already'}")
    return base_image
