"""Whole processes under measurement.

A process counts as its own what its parent had in memory when it was started, so whoever calls `run` stays small.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """Of a whole process with its children: `seconds` of the clock and of processors, and the largest one's memory."""

    seconds: float
    processor_seconds: float
    megabytes: float


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            raise SystemExit(f"{command[0]} failed:\n{printed.read().decode(errors='replace')[-3000:]}")
    return Run(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def processors() -> int:
    """How many of the machine's processors this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def limited_to(count: int) -> Iterator[None]:
    """Processes that are started within get the first `count` processors of this one's."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
