"""The video job: one upload in, its outputs and its one outcome out. AWS Batch starts it for each upload.

    python job.py -- BUCKET KEY VERSION ETAG

It ends with 0 where the upload has its outcome or another job answers for it, with 75 where Batch shall try again, and
with 1 where somebody has to mend something.
"""

import os
import signal

# The other imports take seconds, in which a host may be reclaimed as well.
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(os.EX_TEMPFAIL))

import logging
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from cutout.claim import Claim, ClaimLost, Standing
from cutout.claims import Claims
from cutout.errors import InvalidSettings, Refusal, Transient
from cutout.events import Upload
from cutout.metrics import HostMeter, Metrics
from cutout.models import Model
from cutout.orders import check_source, order_of
from cutout.pulse import BEAT_SECONDS, Pulse
from cutout.results import Decision, Failed, Outcome, ResultBus
from cutout.saliency import engines
from cutout.saliency.detector import Detector
from cutout.saliency.precision import Precision
from cutout.settings import VideoSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage
from cutout.video_work import VideoWork

if TYPE_CHECKING:
    from cutout.video_pipeline import Progress
    from cutout.video_work import Pipeline

DONE, FAILED, TRY_AGAIN = os.EX_OK, 1, os.EX_TEMPFAIL
UNKNOWN = {"", "-"}
"""What stands for a version or an etag that the event doesn't tell."""

PROGRESS_SECONDS = 10
AWS = Config(retries={"mode": "standard", "max_attempts": 10})
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, PATIENCE_SECONDS = 1, 30, 300

logger = Logger(service="cutout")


@dataclass(frozen=True)
class VideoJob:
    """Joins the work to the result bus and the claims."""

    settings: VideoSettings
    bus: ResultBus
    claims: Claims
    metrics: Metrics
    work: VideoWork
    clock: Callable[[], float] = monotonic
    pause: Callable[[float], None] = sleep
    beat_seconds: float = BEAT_SECONDS

    def answer(self, upload: Upload) -> None:
        """Bring `upload` to its one outcome, unless it has one or another job is at it.

        Refusals are outcomes. Whatever else goes wrong is raised. An event tells the etag, a person doesn't: without
        one, the upload is worked on again where another job refused it.
        """
        try:
            self._answer(upload)
        except Exception as error:
            self.metrics.interrupted(upload, error)
            raise

    def _answer(self, upload: Upload) -> None:
        watch, by_hand = Stopwatch(), upload.etag is None
        try:
            with watch.stage("fetch"):
                check_source(upload, self.settings.output_bucket)
                source = self.work.headers(upload)
        except Refusal as refusal:
            failed = Failed(order_of(upload, self.settings.options), refusal)
            self._settle(failed.upload, by_hand, lambda _: failed)
            return
        logger.append_keys(version=source.upload.version)
        order = order_of(source.upload, self.settings.options, source.metadata)
        self._settle(order, by_hand, lambda pulse: self._attempt(order, source, pulse, watch))

    def _settle(self, order: Upload, by_hand: bool, attempt: Callable[[Pulse], Outcome]) -> None:
        """Make the attempt, decide on its outcome and tell it, if `order` can be claimed.

        A claim is kept where Batch tries the job again, and given back where it doesn't.
        """
        claim = self.claims.take(order, by_hand=by_hand)
        if isinstance(claim, Standing):
            said = "This upload has its outcome already." if claim.is_told else "Another job is at this upload."
            logger.info(said, owner=claim.owner, status=claim.status)
            return
        try:
            with Pulse(claim, self.beat_seconds) as pulse:
                decision = claim.decision or self._decide(claim, attempt(pulse))
                self._insist(claim, lambda: self.bus.publish(decision))
                self._insist(claim, claim.note_told)
        except Transient:
            raise
        except Exception:
            claim.release()
            raise
        logger.info(decision.detail_type, detail=decision.detail)
        self.metrics.count(order, decision)

    def _decide(self, claim: Claim, outcome: Outcome) -> Decision:
        decision = Decision.of(outcome)
        self._insist(claim, lambda: claim.decide(decision))
        return decision

    def _insist(self, claim: Claim, step: Callable[[], None]) -> None:
        """Take the `step` again and again, some minutes long, where its fault may pass: all the work hangs on it."""
        end, pause_seconds = self.clock() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            try:
                return step()
            except ClaimLost:
                raise
            except Transient as error:
                if self.clock() + pause_seconds > end:
                    raise
                logger.warning("The outcome isn't told and kept yet.", code=error.code, error=str(error))
            self.pause(pause_seconds)
            claim.keep()
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _attempt(self, order: Upload, source: Source, pulse: Pulse, watch: Stopwatch) -> Outcome:
        try:
            return self.work.remove(source, watch, pulse.check, ProgressLog(pulse.check))
        except Refusal as refusal:
            return Failed(order, refusal)


class ProgressLog:
    """Tells how far the job is, while frames pass. `check` raises what shall end it."""

    def __init__(
        self,
        check: Callable[[], None],
        clock: Callable[[], float] = monotonic,
        tell: Callable[..., None] = logger.info,
    ) -> None:
        self._check = check
        self._clock = clock
        self._tell = tell
        self._told_seconds = clock()
        self._told_frames = 0

    def __call__(self, progress: "Progress") -> None:
        self._check()
        now = self._clock()
        passed_seconds = now - self._told_seconds
        if passed_seconds >= PROGRESS_SECONDS:
            fps = (progress.frames_done - self._told_frames) / passed_seconds
            self._tell("Progress", frames=progress.frames_done, of=progress.frames_from_header, fps=round(fps, 2))
            self._told_seconds, self._told_frames = now, progress.frames_done


def upload_of(arguments: Sequence[str]) -> Upload:
    """The upload that the command line names. What Batch substitutes may begin with a dash."""
    match arguments:
        case ["--", bucket, key, version, etag]:
            return Upload(bucket, key, known(version), known(etag))
    raise InvalidSettings(f"The job takes -- BUCKET KEY VERSION ETAG, not {len(arguments)} arguments.")


def known(text: str) -> str | None:
    return None if text in UNKNOWN else text.strip('"')


def video_job(settings: VideoSettings, metrics: Metrics, pipeline: "Pipeline", scratch: Path) -> VideoJob:
    """The job on AWS, as its environment sets it up."""

    def detector(model: Model) -> Detector:
        directory = settings.weights_directory
        return Detector(engines.load(engines.EngineName.AUTO, model, directory, Precision.FASTEST))

    def watch(seconds: float) -> None:
        logger.info("Another job has claimed this upload. Watching whether it lives.")
        sleep(seconds)

    return VideoJob(
        settings,
        ResultBus(boto3.client("events", config=AWS), settings.result_bus),
        Claims(boto3.client("dynamodb", config=AWS), settings.idempotency_table, settings.job, pause=watch),
        metrics,
        VideoWork(settings, Storage(boto3.client("s3", config=AWS)), detector, pipeline, scratch),
    )


def exit_status(work: Callable[[], None]) -> int:
    try:
        work()
    except Transient as error:
        logger.warning("Batch shall try again.", code=error.code, exc_info=True)
        return TRY_AGAIN
    except Exception:
        logger.exception("The job failed for good.")
        return FAILED
    return DONE


def stop(scratch: Path, *_: object) -> None:
    """End at once: the host is reclaimed, or the time is over.

    An exception would be slower, and swallowed where the signal comes in the midst of a callback from FFmpeg. Parts of
    an unfinished output are deleted by the bucket's own rule.
    """
    logger.warning("Stopped by SIGTERM.")
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(TRY_AGAIN)


def run(arguments: Sequence[str], environment: Mapping[str, str], pipeline: "Pipeline") -> None:
    """Do all of the job, for the upload in `arguments`. Its temporary files end with it."""
    upload, settings = upload_of(arguments), VideoSettings.from_environment(environment)
    logger.append_keys(
        bucket=upload.bucket, key=upload.key, version=upload.version, job=settings.job, attempt=settings.attempt
    )
    logger.info("Taken up")
    metrics = Metrics(settings.stack, "video")
    with TemporaryDirectory(prefix="cutout-") as name, HostMeter(metrics, upload):
        scratch = Path(name)
        signal.signal(signal.SIGTERM, partial(stop, scratch))
        video_job(settings, metrics, pipeline, scratch).answer(upload)


def main() -> int:
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of each credential that it finds

    def work() -> None:
        from cutout.video_pipeline import remove_video_background

        run(sys.argv[1:], os.environ, remove_video_background)

    return exit_status(work)


if __name__ == "__main__":
    sys.exit(main())
