"""What CloudWatch counts: lines of the log in its embedded metric format, which it reads by itself.

The format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Lambda takes such lines from stdout. So does the log driver of a Batch job: the header that PutLogEvents has for the
format is optional. Each line names its upload too, so that one query finds it among the other lines of that upload.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event, Thread
from time import monotonic, time
from typing import Any, Self

from cutout.errors import CutoutError
from cutout.events import Upload
from cutout.results import Decision

NAMESPACE = "Cutout"
STACK, MEDIUM, CODE = ["stack"], ["stack", "medium"], ["stack", "medium", "code"]
REMOVED, FAILED, INTERRUPTED = "Removed", "Failed", "Interrupted"
HOST_SECONDS = "HostSeconds"
BEAT_SECONDS = 60


def directive(dimensions: Sequence[Sequence[str]], names: Iterable[str], unit: str) -> dict[str, Any]:
    """What tells CloudWatch which fields of a line are metrics, and by which fields it keeps them apart."""
    metrics = [{"Name": name, "Unit": unit} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}


NOTHING: dict[str, Any] = {REMOVED: 0, FAILED: 0, INTERRUPTED: 0}
"""All three are told of each attempt, so that a share of them never lacks one."""
ATTEMPT = directive([STACK, MEDIUM], NOTHING, "Count")


def to_stdout(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


class Metrics:
    """Counts for the stack `stack`. `medium` is photo or video."""

    def __init__(
        self,
        stack: str,
        medium: str,
        write: Callable[[str], object] = to_stdout,
        clock: Callable[[], float] = time,
    ) -> None:
        self._dimensions = {"stack": stack, "medium": medium}
        self._write = write
        self._clock = clock

    def count(self, upload: Upload, decision: Decision) -> None:
        """Count the outcome of `upload`, a failure under its code too, and the seconds of each stage."""
        match decision.detail:
            case {"error": {"code": str(code)}}:
                self._unsuccessful(upload, FAILED, code)
            case {"seconds": dict(seconds)}:
                stages = {stage_metric(stage): value for stage, value in seconds.items()}
                directives = [ATTEMPT, directive([MEDIUM], stages, "Seconds")]
                self._write_line(upload, directives, NOTHING | {REMOVED: 1} | stages)

    def interrupted(self, upload: Upload, error: Exception) -> None:
        """Count an attempt that came to no outcome, so that the upload comes again or is given up.

        An error that isn't ours is counted under the name of its class.
        """
        code = error.code if isinstance(error, CutoutError) else type(error).__name__
        self._unsuccessful(upload, INTERRUPTED, code)

    def host_seconds(self, upload: Upload, seconds: float) -> None:
        """Count `seconds` for which a host worked on `upload`: what videos cost is reckoned from them."""
        self._write_line(upload, [directive([MEDIUM], [HOST_SECONDS], "Seconds")], {HOST_SECONDS: round(seconds, 3)})

    def _unsuccessful(self, upload: Upload, metric: str, code: str) -> None:
        self._write_line(upload, [ATTEMPT, directive([CODE], [metric], "Count")], NOTHING | {metric: 1, "code": code})

    def _write_line(self, upload: Upload, directives: list[dict[str, Any]], values: Mapping[str, float | str]) -> None:
        line = {
            "_aws": {"Timestamp": round(self._clock() * 1000), "CloudWatchMetrics": directives},
            **self._dimensions,
            "bucket": upload.bucket,
            "key": upload.key,
            "version": upload.version,
            **values,
        }
        self._write(json.dumps(line) + "\n")


class HostMeter:
    """Counts the seconds that pass within a `with`, from a thread of its own: those of a job that is killed as well.

    A host that goes away takes the last minute with it.
    """

    def __init__(
        self,
        metrics: Metrics,
        upload: Upload,
        beat_seconds: float = BEAT_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._metrics = metrics
        self._upload = upload
        self._beat_seconds = beat_seconds
        self._clock = clock
        self._counted = clock()
        self._over = Event()
        self._thread = Thread(target=self._beat, name="host-meter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._count()

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            self._count()

    def _count(self) -> None:
        now = self._clock()
        self._metrics.host_seconds(self._upload, now - self._counted)
        self._counted = now


def stage_metric(stage: str) -> str:
    """The metric of a stage: `encode mp4` is EncodeMp4Seconds."""
    return "".join(word.capitalize() for word in stage.split()) + "Seconds"
