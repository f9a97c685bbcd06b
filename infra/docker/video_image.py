"""Building the video job's image, 5 GB of it CUDA and torch."""

from collections.abc import Mapping
from pathlib import Path

from infra.docker import wheelhouse
from infra.docker.base_image import BASE_IMAGE
from infra.docker.command import run
from infra.docker.log import Log
from infra.docker.wheel_server import served
from infra.local.aws import REPOSITORY

IMAGE = "cutout-video"
LABEL = "cutout.image=video"
BUILD_SECONDS = 1800
REMOVE_SECONDS = 120


def build(base_image: str, environment: Mapping[str, str], log: Log) -> None:
    """Build `IMAGE`. Its wheels lie outside the repository, so that they aren't sent to the builder each time.

    Raises `CommandFailed`, and what the wheelhouse and its server raise.
    """
    if base_image == BASE_IMAGE:
        build_with(base_image)
        return
    wheels = wheels_folder(environment)
    filled = wheelhouse.fill_for_video(wheels, REPOSITORY)
    log.say(f"wheels of the video job: {'filled' if filled else 'filled already'}")
    with served(wheels) as address:
        build_with(base_image, "--network", "host", "--build-arg", f"WHEELS={address}")


def build_with(base_image: str, *options: str) -> None:
    dockerfile = REPOSITORY / "functions" / "video" / "Dockerfile"
    named = ["--file", str(dockerfile), "--tag", IMAGE, "--build-arg", f"BASE_IMAGE={base_image}"]
    command = ["docker", "build", "--quiet", "--force-rm", *named, *options, str(REPOSITORY)]
    run(command, timeout_seconds=BUILD_SECONDS)
    # What this one replaced, if it did.
    run(["docker", "image", "prune", "--force", "--filter", f"label={LABEL}"], timeout_seconds=REMOVE_SECONDS)


def wheels_folder(environment: Mapping[str, str]) -> Path:
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "cutout" / "docker" / "video-wheels"
