"""An AWS in a container, for functions in containers: a bucket for photos, and all that the function writes to."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.docker.command import CommandFailed, run
from infra.local.aws import REPOSITORY
from infra.local.clients import Clients

IMAGE = "cutout-stand-in"
CONTAINER = "cutout-stand-in"
NETWORK = "cutout"
LABEL = "cutout.stand-in"
INSIDE = "http://s3:5000"

INPUT_BUCKET = "cutout-in"  # as the recorded events have it
OUTPUT_BUCKET = "cutout-out"
RESULT_BUS = "cutout-results"
IDEMPOTENCY_TABLE = "cutout-outcomes"

BUILD_SECONDS = 400
START_SECONDS = 60


@dataclass(frozen=True)
class StandIn:
    """`endpoint` is where this machine reaches it, on loopback. Containers on `NETWORK` reach it at `INSIDE`."""

    endpoint: str
    clients: Clients

    def client(self, name: str) -> Any:
        """The boto3 client of a service, such as `s3`."""
        return self.clients.client(name)


def function_variables(endpoint: str) -> dict[str, str]:
    """What the function is told in place of what the template would tell it on AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "CUTOUT_OUTPUT_BUCKET": OUTPUT_BUCKET,
        "CUTOUT_RESULT_BUS": RESULT_BUS,
        "CUTOUT_IDEMPOTENCY_TABLE": IDEMPOTENCY_TABLE,
    }


@contextmanager
def stand_in(base_image: str) -> Iterator[StandIn]:
    """Build it, start it, and take it away again."""
    build(base_image)
    stop()
    try:
        endpoint = start()
        with closing(Clients(endpoint)) as clients:
            create_resources(clients)
            yield StandIn(endpoint, clients)
    finally:
        stop()


def build(base_image: str) -> None:
    base = ["--build-arg", f"BASE_IMAGE={base_image}"]
    dockerfile = REPOSITORY / "infra" / "docker" / "stand-in.Dockerfile"
    command = ["docker", "build", "--quiet", "--file", str(dockerfile), "--tag", IMAGE, *base, str(REPOSITORY)]
    run(command, timeout_seconds=BUILD_SECONDS)


def start(port: int | None = None) -> str:
    """Start it on a loopback port, any free one if none is given; returns its endpoint for this machine."""
    run(["docker", "network", "create", "--label", LABEL, NETWORK], timeout_seconds=30)
    network = ["--network", NETWORK, "--network-alias", urlsplit(INSIDE).hostname or ""]
    published = ["--publish", f"127.0.0.1:{port or ''}:5000"]
    run(["docker", "run", "--detach", "--name", CONTAINER, *network, *published, IMAGE], timeout_seconds=60)
    address = run(["docker", "port", CONTAINER, "5000/tcp"], timeout_seconds=30).stdout.split()[0]
    wait_until_it_answers(address)
    return f"http://{address}"


def wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with closing(http.client.HTTPConnection(address, timeout=2)) as connection:
            try:
                connection.request("GET", "/moto-api/")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.1)
            else:
                return
    log = run(["docker", "logs", CONTAINER], timeout_seconds=30)
    raise CommandFailed(f"the AWS in a container gave no answer within {START_SECONDS} s:\n{log.stdout}{log.stderr}")


def create_resources(clients: Clients) -> None:
    """The part of the template that the function touches. The buckets keep no versions."""
    for bucket in (INPUT_BUCKET, OUTPUT_BUCKET):
        clients.client("s3").create_bucket(Bucket=bucket)
    clients.client("events").create_event_bus(Name=RESULT_BUS)
    clients.client("dynamodb").create_table(
        TableName=IDEMPOTENCY_TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def stop() -> None:
    """Remove our network and all containers on it, those that SAM may have left among them, if they are there.

    A network of somebody else's that has the same name is not touched; `start` then fails for it.
    """
    labelled = ["docker", "network", "ls", "--quiet", "--filter", f"label={LABEL}"]
    for network in run(labelled, timeout_seconds=30).stdout.split():
        attached = ["docker", "ps", "--all", "--quiet", "--filter", f"network={network}"]
        for container in run(attached, timeout_seconds=30).stdout.split():
            run(["docker", "rm", "--force", "--volumes", container], timeout_seconds=60)
        run(["docker", "network", "rm", network], timeout_seconds=60)
    run(["docker", "rm", "--force", CONTAINER], timeout_seconds=60)
