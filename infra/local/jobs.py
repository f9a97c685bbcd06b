"""The jobs since the embedded AWS started, and where each stands."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LOG_TAIL_CHARACTERS = 4000


class JobStatus(StrEnum):
    """As AWS Batch names them."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Job:
    """`parameters` are those that the command refers to: bucket, key, version and etag of the upload."""

    identifier: str
    parameters: Mapping[str, str]

    def is_of(self, key: str, version: str) -> bool:
        return self.parameters.get("key") == key and self.parameters.get("version") == version


class Jobs:
    """May be used by several threads. `log` is the file of what all jobs print."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._lock = threading.Lock()
        self._jobs: dict[str, tuple[Job, JobStatus]] = {}

    def put(self, job: Job, status: JobStatus) -> None:
        with self._lock:
            self._jobs[job.identifier] = job, status

    def statuses(self, key: str, version: str) -> tuple[JobStatus, ...]:
        """Of every job for one upload, in the order of submission. Events may come twice, and so may jobs."""
        with self._lock:
            return tuple(status for job, status in self._jobs.values() if job.is_of(key, version))

    @property
    def at_work(self) -> bool:
        """Whether any job is under way."""
        with self._lock:
            return any(status is JobStatus.RUNNING for _, status in self._jobs.values())

    def log_tail(self) -> str:
        """The end of what jobs printed, for a person who looks for the cause."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]
