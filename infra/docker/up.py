"""`make sam-up` and `make sam-down`: the AWS in a container, left running for SAM commands that a person types."""

import sys
from contextlib import closing

import click

from infra.docker.command import CommandFailed
from infra.docker.recorded import make_true, photo, recorded_events
from infra.docker.sam import FUNCTION, variables_file
from infra.docker.stand_in import (
    INSIDE,
    NETWORK,
    OUTPUT_BUCKET,
    build,
    create_resources,
    function_variables,
    start,
    stop,
)
from infra.local.aws import REPOSITORY
from infra.local.clients import Clients
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

FOLDER = ".cache/sam"
PORT = 5580


@click.command()
@click.argument("what", type=click.Choice(["up", "down"]))
@click.option("--base-image", default="python:3.11-slim-bookworm")
def main(what: str, base_image: str) -> None:
    """Start the stand-in for AWS and write what `sam local` is given, or take it away."""
    try:
        stop()
        if what == "down":
            click.echo("make sam-down: the AWS in a container is gone, and all that was in it.")
            return
        build(base_image)
        prepared(start(PORT))
    except CommandFailed as error:
        raise click.ClickException(str(error)) from error


def prepared(endpoint: str) -> None:
    """Make every recorded event true, and say how SAM is told of it."""
    folder = REPOSITORY / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    content = photo(0)
    with closing(Clients(endpoint)) as clients:
        create_resources(clients)
        for recorded in recorded_events():
            announced = make_true(recorded, content, clients.client("s3"))
            (folder / recorded.name).write_text(announced.text, encoding="utf-8")
    variables_file(folder / "variables.json", function_variables(INSIDE))
    click.echo(f"An AWS in a container, with a photo for every recorded event: {endpoint}, and {INSIDE} on {NETWORK}.")
    told = f"--env-vars {FOLDER}/variables.json --docker-network {NETWORK}"
    for line in (
        f"export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={REGION}",
        f"export AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}",
        ".venv-sam/bin/sam build",
        f".venv-sam/bin/sam local invoke {FUNCTION} --event {FOLDER}/direct.json {told}",
        f"aws s3 ls --recursive s3://{OUTPUT_BUCKET}",
    ):
        click.echo(f"  {line}")
    click.echo("make sam-up: ready. make sam-down takes it away.")


if __name__ == "__main__":
    sys.exit(main())
