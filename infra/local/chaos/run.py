"""One run of chaos: upload the plan, let it happen, end the faults, redrive, and audit what is left."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cutout.cli_redrive import Redrive, lines_of_stack
from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.chaos import audit, evidence
from infra.local.chaos.audit import Evidence, Kind, Uploaded, Violation
from infra.local.chaos.delivery import Delivery
from infra.local.chaos.faults import Faults
from infra.local.chaos.killer import Killer
from infra.local.chaos.plan import CURSED_PREFIX, Planned, plan
from infra.local.chaos.proxy import between
from infra.local.chaos.tiny_net import write_tiny_nets
from infra.local.deployment import STACK_NAME
from infra.local.hurry import hurried
from infra.local.job_configuration import SUBMISSIONS_NAME

COPIES = 4
FUNCTION_SECONDS = 4
JOB_SECONDS = 60
RETRY_SECONDS = FUNCTION_SECONDS + 2
"""As on AWS, a message comes again when the claim of its last attempt has run out."""

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class NeverAtRest(Exception):
    """Time ran out with messages still under way."""


@dataclass(frozen=True)
class Settings:
    """How much of it. `limit_seconds` holds for each of the two times that the queues have to come to rest."""

    seed: int
    uploads: int
    clips: int
    fault_share: float
    most_faults: int
    stalls: int
    kill_pause_seconds: float
    function_kills: int
    job_kills: int
    limit_seconds: float


@dataclass(frozen=True)
class Report:
    """What happened. `dead` were in the dead-letter queues before the redrive, `dead_after` are after it."""

    settings: Settings
    seconds: float
    events: int
    repeats: int
    faults: Mapping[tuple[str, str], int]
    function_kills: int
    job_kills: int
    dead: int
    dead_after: int
    found: Evidence
    violations: Sequence[Violation]


def run(settings: Settings, say: Callable[[str], None]) -> Report:
    """Raises:
    NeverAtRest: the queues still moved when `limit_seconds` were over.
    """
    begin = time.monotonic()
    random = Random(settings.seed)
    planned = plan(random, settings.uploads, settings.clips)
    faults = Faults(random, settings.fault_share, settings.most_faults, settings.stalls, CURSED_PREFIX)
    with embedded(faults) as aws, ExitStack() as running:
        image_queue = aws.outputs["ImageQueueUrl"]
        delivery = Delivery(Random(settings.seed), aws.client("events"), aws.client("sqs"), image_queue)
        killer = Killer(
            Random(settings.seed),
            aws,
            settings.kill_pause_seconds,
            settings.function_kills,
            settings.job_kills,
        )
        for each in (delivery, killer):
            each.start()
            running.callback(each.close)
        uploads = upload_all(aws, planned)
        say(f"{len(uploads)} uploads are made.")
        rest(aws, delivery, settings.limit_seconds)
        before = evidence.gather(aws, uploads)
        killer.close()
        faults.end()
        say(f"{len(before.heard)} outcomes are told, {len(before.dead)} dead letters are redriven.")
        redrive(aws)
        rest(aws, delivery, settings.limit_seconds)
        after = evidence.gather(aws, uploads)
    early = [found for found in audit.violations(before) if found.kind is not Kind.DEAD and found.kind is not Kind.ROW]
    return Report(
        settings,
        time.monotonic() - begin,
        delivery.events,
        delivery.copies,
        faults.met(),
        killer.functions,
        killer.jobs,
        len(before.dead),
        len(after.dead),
        after,
        list(dict.fromkeys([*early, *audit.violations(after)])),
    )


@contextmanager
def embedded(faults: Faults) -> Iterator[EmbeddedAws]:
    with TemporaryDirectory(prefix="cutout-chaos-") as folder:
        weights = {"CUTOUT_WEIGHTS_DIR": folder}
        write_tiny_nets(Path(folder))
        template = hurried(
            REPOSITORY / "template.yaml",
            Path(folder),
            function_seconds=FUNCTION_SECONDS,
            job_seconds=JOB_SECONDS,
        )
        with EmbeddedAws(
            template=template,
            parameters={"ImageTimeoutSeconds": str(FUNCTION_SECONDS)},
            function_environment=weights,
            job_environment=weights,
            retry_delay_seconds=RETRY_SECONDS,
            copies=COPIES,
            route=partial(between, faults=faults, stall_seconds=FUNCTION_SECONDS + 1),
        ) as aws:
            yield aws


def upload_all(aws: EmbeddedAws, planned: Sequence[Planned]) -> list[Uploaded]:
    s3, bucket = aws.client("s3"), aws.outputs["InputBucket"]
    uploads = []
    for each in planned:
        answer = s3.put_object(Bucket=bucket, Key=each.key, Body=each.content, Metadata=dict(each.metadata))
        uploads.append(Uploaded(each.key, answer["VersionId"], each.expected))
        if each.is_deleted_at_once:
            s3.delete_object(Bucket=bucket, Key=each.key)
    return uploads


def redrive(aws: EmbeddedAws) -> None:
    """As `cutout redrive --stack` does."""
    work = Redrive(aws.client("sqs"), aws.client("batch"), is_dry_run=False, say=lambda _: None)
    for line in lines_of_stack(aws.client("cloudformation"), STACK_NAME):
        work.work(line)


def rest(aws: EmbeddedAws, delivery: Delivery, limit_seconds: float) -> None:
    """Wait until nothing is under way, neither as a message nor as a job."""
    sqs = aws.client("sqs")
    submissions = sqs.get_queue_url(QueueName=SUBMISSIONS_NAME)["QueueUrl"]
    urls = [*delivery.held_urls, aws.outputs["ImageQueueUrl"], submissions]
    deadline = time.monotonic() + limit_seconds
    quiet = 0
    while quiet < 3:
        under_way = sum(_count(sqs, url) for url in urls) + aws.jobs.at_work
        quiet = 0 if under_way else quiet + 1
        if time.monotonic() > deadline:
            raise NeverAtRest(f"{under_way} messages and jobs are under way after {limit_seconds:.0f} s.")
        threading.Event().wait(1)


def _count(sqs: object, url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]  # type: ignore[attr-defined]
    return sum(int(attributes[name]) for name in COUNTS)
