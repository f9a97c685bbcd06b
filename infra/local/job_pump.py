"""AWS Batch: runs the jobs that a rule or a person submits, and tries again by the job definition's rules."""

import json
import logging
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.input_transformer import TransformError
from infra.local.job_attempt import TIMED_OUT, JobAttempt, substituted
from infra.local.job_configuration import JobConfiguration
from infra.local.jobs import Job, Jobs, JobStatus
from infra.local.retry_strategy import AttemptEnd

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

LOGGER = logging.getLogger(__name__)
POLL_SECONDS = 1
RECLAIMED = AttemptEnd(exit_code=None, status_reason="Host EC2 (instance i-0) terminated.")


class JobPump:
    """Polls from `start` until `close`. One job runs at a time, in the order of their events.

    `folder` is where the job's script lies, `environment` is what each attempt sees beside its own number.
    """

    def __init__(
        self,
        configuration: JobConfiguration,
        folder: Path,
        environment: Mapping[str, str],
        jobs: Jobs,
        sqs: "SQSClient",
        events: "EventBridgeClient",
        batch: Any,
    ) -> None:
        self._configuration = configuration
        self._folder = folder
        self._environment = environment
        self._jobs = jobs
        self._sqs = sqs
        self._events = events
        self._batch = batch
        self._seen: set[str] = set()
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._attempt: JobAttempt | None = None
        self._reclaimed = False
        self._thread = threading.Thread(target=self._run, name="job-pump", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def reclaim_host(self) -> bool:
        """End the job that is at work as the loss of its Spot host does. Whether there was one."""
        with self._starting:
            if self._attempt is None:
                return False
            self._reclaimed = True
            self._attempt.kill()
            return True

    def stop(self) -> None:
        """Kill the job that is at work, and start no other."""
        with self._starting:
            self._closing.set()
            if self._attempt is not None:
                self._attempt.kill()

    def close(self) -> None:
        """Stop, and wait for what the job leaves behind to be taken away."""
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._poll()
            except (ClientError, BotoCoreError) as error:
                LOGGER.warning("The jobs' queue could not be polled, which is tried again: %s", error)
                self._closing.wait(POLL_SECONDS)

    def _poll(self) -> None:
        url = self._configuration.submissions_url
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=POLL_SECONDS)
        for message in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            self._submit(message["Body"])
        self._take_submitted()

    def _take_submitted(self) -> None:
        """Run the jobs that somebody submitted by the API. moto has put them down as done."""
        listed = self._batch.list_jobs(jobQueue=self._configuration.queue_arn, jobStatus="SUCCEEDED")
        new = [entry["jobId"] for entry in listed["jobSummaryList"] if entry["jobId"] not in self._seen]
        for job in self._batch.describe_jobs(jobs=new)["jobs"] if new else ():
            self._seen.add(job["jobId"])
            self._work(Job(job["jobId"], {**self._configuration.parameters, **job.get("parameters", {})}))

    def _submit(self, event: str) -> None:
        """Run the job that `event` asks for. One that asks for none goes where the rule puts what it can't deliver."""
        try:
            request = self._configuration.transformer.apply(as_s3_sends(json.loads(event)))
        except TransformError as error:
            LOGGER.warning("No job was submitted: %s", error)
            self._sqs.send_message(QueueUrl=self._configuration.dlq_url, MessageBody=event)
            return
        self._work(Job(str(uuid.uuid4()), {**self._configuration.parameters, **request["Parameters"]}))

    def _work(self, job: Job) -> None:
        strategy = self._configuration.retry_strategy
        for attempt in range(1, strategy.attempts + 1):
            end = self._try(job, attempt)
            if self._closing.is_set():
                return
            if end.exit_code == 0:
                self._jobs.put(job, JobStatus.SUCCEEDED)
                return
            if end is TIMED_OUT or not strategy.retries(attempt, end):
                self._fail(job, attempt, end)
                return

    def _try(self, job: Job, attempt: int) -> AttemptEnd:
        with self._starting:
            if self._closing.is_set():
                return AttemptEnd(exit_code=None)
            self._jobs.put(job, JobStatus.RUNNING)
            variables = {"AWS_BATCH_JOB_ID": job.identifier, "AWS_BATCH_JOB_ATTEMPT": str(attempt)}
            command = substituted(self._configuration.command, job.parameters)
            try:
                self._attempt = JobAttempt(command, self._folder, {**self._environment, **variables}, self._jobs.log)
            except (OSError, ValueError) as error:
                return AttemptEnd(exit_code=None, reason=f"CannotStartContainerError: {error}")
        end = self._attempt.wait(self._configuration.timeout_seconds)
        with self._starting:
            self._attempt = None
            was_reclaimed, self._reclaimed = self._reclaimed, False
        return RECLAIMED if was_reclaimed else end

    def _fail(self, job: Job, attempt: int, end: AttemptEnd) -> None:
        """Say so on the default bus, as AWS Batch does; the template's own rule takes it from there."""
        self._jobs.put(job, JobStatus.FAILED)
        detail = failed_detail(job, self._configuration, attempt, end)
        self._events.put_events(
            Entries=[
                {"Source": "aws.batch", "DetailType": "Batch Job State Change", "Detail": json.dumps(detail)},
            ]
        )


def as_s3_sends(event: Mapping[str, Any]) -> dict[str, Any]:
    """moto's event of an upload with the etag under the name that S3 gives it."""
    entry = dict(event["detail"]["object"])
    if "eTag" in entry:
        entry["etag"] = entry.pop("eTag")
    return {**event, "detail": {**event["detail"], "object": entry}}


def failed_detail(job: Job, configuration: JobConfiguration, attempt: int, end: AttemptEnd) -> dict[str, Any]:
    """The event's detail, which is how AWS Batch describes the job: as much of it as is known here."""
    return {
        "jobArn": configuration.definition_arn.split(":job-definition/")[0] + f":job/{job.identifier}",
        "jobId": job.identifier,
        "jobName": configuration.name,
        "jobQueue": configuration.queue_arn,
        "jobDefinition": configuration.definition_arn,
        "status": JobStatus.FAILED,
        "statusReason": end.status_reason,
        "parameters": dict(job.parameters),
        "attempts": [{"attempt": attempt, "container": {"exitCode": end.exit_code}}],
        "container": {"exitCode": end.exit_code, "reason": end.reason, "command": list(configuration.command)},
    }
