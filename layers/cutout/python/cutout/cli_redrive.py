"""`cutout redrive`: what lies in the dead-letter queues gets another try."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cutout.dead_letters import DeadLetter, letters
from cutout.events import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_sqs import SQSClient

UNKNOWN = "-"
"""What the job takes for a version or an etag that nobody told."""


@dataclass(frozen=True)
class Line:
    """A dead-letter queue and where its messages go: to `queue_url`, or into jobs of `job_queue`."""

    dlq_url: str
    queue_url: str | None = None
    job_queue: str | None = None
    job_definition: str | None = None


@dataclass
class Redrive:
    """Gives letters another try. Each is sent on before it is deleted, so that a crash repeats it and loses nothing."""

    sqs: "SQSClient"
    batch: Any
    is_dry_run: bool
    say: "Callable[[str], object]" = click.echo
    moved: int = 0
    left: int = 0

    def work(self, line: Line) -> None:
        kept = []
        for letter in letters(self.sqs, line.dlq_url):
            uploads = letter.uploads
            if not uploads:
                self.say(f"left: {len(letter.body)} characters that announce no upload ({letter.reason})")
            for upload in uploads:
                self.say(f"{upload.bucket}/{upload.key}, version {upload.version or 'unknown'}: {letter.reason}")
            if not uploads or self.is_dry_run:
                self.left += 1
                kept.append(letter)
                continue
            self._send_on(letter, uploads, line)
            self.sqs.delete_message(QueueUrl=line.dlq_url, ReceiptHandle=letter.receipt)
            self.moved += 1
        for letter in kept:
            self.sqs.change_message_visibility(QueueUrl=line.dlq_url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)

    def _send_on(self, letter: DeadLetter, uploads: list[Upload], line: Line) -> None:
        if line.queue_url:
            self.sqs.send_message(QueueUrl=line.queue_url, MessageBody=letter.body)
            return
        for upload in uploads:
            self.batch.submit_job(
                jobName="redriven",
                jobQueue=line.job_queue,
                jobDefinition=line.job_definition,
                parameters={
                    "bucket": upload.bucket,
                    "key": upload.key,
                    "version": upload.version or UNKNOWN,
                    "etag": upload.etag or UNKNOWN,
                },
            )


def lines_of_stack(cloudformation: Any, stack: str) -> list[Line]:
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs: Mapping[str, str] = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    if "ImageDlqUrl" not in outputs:
        raise click.ClickException(f"The stack {stack} is none of cutout's: it has no output ImageDlqUrl.")
    found = [Line(outputs["ImageDlqUrl"], queue_url=outputs["ImageQueueUrl"])]
    if "VideoDlqUrl" in outputs:
        job_queue, job_definition = outputs["VideoJobQueue"], outputs["VideoJobDefinition"]
        found.append(Line(outputs["VideoDlqUrl"], job_queue=job_queue, job_definition=job_definition))
    return found


def line_of_queue(sqs: "SQSClient", dlq_url: str) -> Line:
    """From the dead-letter queue alone, which knows the queue that it serves. That of videos serves none."""
    sources = sqs.list_dead_letter_source_queues(QueueUrl=dlq_url)["queueUrls"]
    if len(sources) != 1:
        raise click.ClickException(
            f"{dlq_url} is the dead-letter queue of {len(sources)} queues, not of one. Name the stack with --stack."
        )
    return Line(dlq_url, queue_url=sources[0])


@click.command()
@click.option("--stack", help="The CloudFormation stack: photos and videos.")
@click.option("--queue", "dlq_url", help="The URL of one dead-letter queue of photos.")
@click.option("--dry-run", is_flag=True, help="List what lies there, and why, and leave it.")
def redrive(stack: str | None, dlq_url: str | None, dry_run: bool) -> None:
    """Give what lies in the dead-letter queues another try, once its fault is mended.

    Photos go back to their queue, videos become new jobs. An upload that has its outcome keeps it: nothing is done. A
    message that announces no upload stays where it is.

    Credentials, region and endpoint are those of the AWS command line.
    """
    if (stack is None) == (dlq_url is None):
        raise click.UsageError("Name either a stack with --stack or a dead-letter queue with --queue.")
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        sqs = boto3.client("sqs")
        lines = [line_of_queue(sqs, dlq_url)] if dlq_url else lines_of_stack(boto3.client("cloudformation"), str(stack))
        work = Redrive(sqs, boto3.client("batch"), dry_run)
        for line in lines:
            work.work(line)
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"AWS: {error}") from error
    click.echo(f"{work.moved} redriven, {work.left} left.")
