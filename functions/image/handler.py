"""The image function: uploads in, cutouts and outcomes out."""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cutout import events
from cutout.choices import Frames
from cutout.claim import Claim, Standing
from cutout.claims import Claims
from cutout.errors import CutoutError, Refusal, Transient, UnreadableEvent, UnsupportedFormat
from cutout.events import Upload
from cutout.metrics import Metrics
from cutout.models import Model
from cutout.orders import check_source, order_of
from cutout.photo_work import PhotoWork
from cutout.results import Decision, Failed, Outcome, ResultBus
from cutout.routes import is_video
from cutout.saliency import engines
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage
from cutout.trial import try_decoding

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLOCKS_DIFFER_SECONDS = 1
TRIAL_SHARE = 1 / 2
"""Of the time that is left, what a trial of a suspect photo or its background may take."""

logger = Logger(service="cutout")


class AtWorkElsewhere(Transient):
    code = "at_work_elsewhere"


@dataclass(frozen=True)
class Turn:
    """One invocation: its claims, for how many seconds more it may hold them, and the memory of its process."""

    claims: Claims
    seconds_left: Callable[[], float]
    memory_bytes: int


class ImageFunction:
    """Joins the pipeline to the buckets, the result bus and the claims."""

    def __init__(
        self,
        settings: ImageSettings,
        storage: Storage,
        bus: ResultBus,
        claims: Callable[[str], Claims],
        work: PhotoWork,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._bus = bus
        self._claims = claims
        self._work = work
        self._metrics = metrics

    def turn(self, owner: str, seconds_left: Callable[[], float], memory_bytes: int) -> Turn:
        """What belongs to one invocation, which makes its claims as `owner`."""
        return Turn(self._claims(owner), seconds_left, memory_bytes)

    def answer(self, upload: Upload, turn: Turn) -> dict[str, Any]:
        """Bring `upload` to its one outcome, or recall the outcome that it had.

        Refusals are outcomes. Whatever else goes wrong is raised, so that the upload comes again. A video that its job
        takes is refused to the caller alone: the job tells its one outcome.
        """
        with logger.append_context_keys(bucket=upload.bucket, key=upload.key, version=upload.version):
            logger.info("Taken up")
            try:
                return self._answer(upload, turn)
            except Exception as error:
                self._metrics.interrupted(upload, error)
                logger.exception("There is no outcome yet.")
                raise

    def _answer(self, upload: Upload, turn: Turn) -> dict[str, Any]:
        if self._is_left(upload):
            refusal = UnsupportedFormat(f"{upload.key} is named as a video. Its job takes it when it is uploaded.")
            logger.warning("A video was asked for by a call.", code=refusal.code)
            return Decision.of(Failed(upload, refusal)).as_event()
        watch = Stopwatch()
        try:
            with watch.stage("fetch"):
                source = self._open(upload)
        except Refusal as refusal:
            failed = Failed(order_of(upload, self._settings.options), refusal)
            return self._settle(failed.upload, turn, lambda _: failed)
        with closing(source):
            logger.append_keys(version=source.upload.version)
            order = order_of(source.upload, self._settings.options, source.metadata)
            return self._settle(order, turn, lambda suspect: self._attempt(order, source, watch, turn, suspect))

    def answer_announced(self, uploads: Sequence[Upload], turn: Turn) -> list[dict[str, Any]]:
        """`answer` for each but those that the video job hears of too.

        One that fails doesn't keep the others from their outcomes; the first error is raised.
        """
        answers, errors = [], []
        for upload in uploads:
            try:
                if self._is_left(upload):
                    logger.info("Left to the video job", bucket=upload.bucket, key=upload.key, version=upload.version)
                else:
                    answers.append(self.answer(upload, turn))
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
        if errors:
            raise errors[0]
        return answers

    def _open(self, upload: Upload) -> Source:
        check_source(upload, self._settings.output_bucket)
        if self._settings.leaves_videos and is_video(upload.key):
            raise UnsupportedFormat(
                f"{upload.key} is named as a video. Only uploads to the input bucket become video jobs."
            )
        return self._storage.open(upload)

    def _is_left(self, upload: Upload) -> bool:
        """Whether the video job hears of it: its rule listens to the input bucket alone."""
        settings = self._settings
        return settings.leaves_videos and upload.bucket == settings.input_bucket and is_video(upload.key)

    def _settle(self, order: Upload, turn: Turn, attempt: Callable[[bool], Outcome]) -> dict[str, Any]:
        """Make the attempt, decide on its outcome and tell it, or recall the outcome that `order` had.

        The attempt is told whether the one before ended with its process, so that the photo is suspect.

        Raises:
            AtWorkElsewhere: another invocation has claimed it, and its time isn't over.
        """
        claim = turn.claims.try_to_take(order, turn.seconds_left() + CLOCKS_DIFFER_SECONDS)
        if isinstance(claim, Standing):
            if claim.is_told and claim.decision:
                logger.info("This upload has its outcome already.", outcome=claim.decision.detail_type)
                return claim.decision.as_event()
            raise AtWorkElsewhere(f"Another invocation is at {order.key}.")
        with given_back(claim):
            decision = claim.decision or decided(claim, attempt(claim.follows_a_death))
            self._bus.publish(decision)
            claim.note_told()
        logger.info(decision.detail_type, detail=decision.detail)
        self._metrics.count(order, decision)
        return decision.as_event()

    def _attempt(self, order: Upload, source: Source, watch: Stopwatch, turn: Turn, suspect: bool) -> Outcome:
        def check(content: bytes, frames: Frames = Frames.FIRST) -> bytes:
            if suspect:
                limits, seconds = self._settings.limits, turn.seconds_left() * TRIAL_SHARE
                try_decoding(content, frames, limits, turn.memory_bytes, seconds)
            return content

        try:
            return self._work.remove(source, watch, check)
        except Refusal as refusal:
            return Failed(order, refusal)


def decided(claim: Claim, outcome: Outcome) -> Decision:
    decision = Decision.of(outcome)
    claim.decide(decision)
    return decision


@contextmanager
def given_back(claim: Claim) -> Iterator[None]:
    """Let anybody take `claim` at once where something goes wrong. If that goes wrong too, its time runs out."""
    try:
        yield
    except Exception:
        with suppress(CutoutError):
            claim.release()
        raise


@cache
def image_function() -> ImageFunction:
    """The function as its environment sets it up; made once, when the first event comes."""
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of each credential that it finds
    settings = ImageSettings.from_environment(os.environ)

    @cache
    def detector(model: Model) -> Detector:
        return Detector(engines.load(engines.EngineName.AUTO, model, settings.weights_directory))

    storage = Storage(boto3.client("s3"))
    return ImageFunction(
        settings,
        storage,
        ResultBus(boto3.client("events"), settings.result_bus),
        partial(claims_of, boto3.client("dynamodb"), settings.idempotency_table),
        PhotoWork(settings, storage, detector),
        Metrics(settings.stack, "photo"),
    )


def claims_of(client: "DynamoDBClient", table: str, owner: str) -> Claims:
    return Claims(client, table, owner, kind="photo")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer SQS messages one by one, a direct call with its outcome, any other event with a list of outcomes."""
    function = image_function()
    turn = function.turn(
        context.aws_request_id,
        lambda: context.get_remaining_time_in_millis() / 1000,
        int(context.memory_limit_in_mb) << 20,
    )

    def is_answered(message: Mapping[str, str]) -> bool:
        try:
            uploads = events.parse_text(message["body"])
            if events.is_direct(json.loads(message["body"])):
                function.answer(uploads[0], turn)
            else:
                function.answer_announced(uploads, turn)
        except UnreadableEvent:
            logger.exception("The message goes back to the queue.", message_id=message["messageId"])
            return False
        except Exception:  # noqa: BLE001 - it is in the log already
            return False
        return True

    if events.is_sqs(event):
        failed = [message["messageId"] for message in event["Records"] if not is_answered(message)]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
    uploads = events.parse(event)
    return function.answer(uploads[0], turn) if events.is_direct(event) else function.answer_announced(uploads, turn)
