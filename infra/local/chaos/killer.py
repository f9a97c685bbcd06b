"""Ends the service's processes at moments that nobody expects."""

import threading
from random import Random

from infra.local.aws import EmbeddedAws


class Killer:
    """Kills from `start` until `close`, or until `most_functions` and `most_jobs` are dead.

    Attributes:
        functions, jobs: how many were killed.
    """

    def __init__(
        self, random: Random, aws: EmbeddedAws, mean_pause_seconds: float, most_functions: int, most_jobs: int
    ) -> None:
        self.functions = 0
        self.jobs = 0
        self._random = random
        self._aws = aws
        self._mean_pause_seconds = mean_pause_seconds
        self._most_functions = most_functions
        self._most_jobs = most_jobs
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._random.expovariate(1 / self._mean_pause_seconds)):
            is_job = self._random.random() < 0.2
            if is_job and self.jobs < self._most_jobs and self._aws.job_pump:
                self.jobs += self._aws.job_pump.reclaim_host()
            elif self.functions < self._most_functions:
                self.functions += self._random.choice(self._aws.functions).kill()
