"""The image function: uploads in, cutouts and outcomes out."""

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.typing import LambdaContext

from cutout import events
from cutout.errors import NameTooLong, OutputBucketAsSource, Refusal
from cutout.events import Upload
from cutout.models import Model
from cutout.options import Options, Output, from_metadata
from cutout.pipeline import Rendition, remove_background
from cutout.results import Failed, Outcome, Removed, ResultBus, Written
from cutout.saliency import engines
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage

REMEMBERED_SECONDS = 30 * 24 * 3600
"""How long a repeated event finds the outcome that was: longer than a message can wait in the queue and its DLQ."""

LONGEST_KEY_BYTES = 1024
NOTHING: Mapping[str, str] = MappingProxyType({})

logger = Logger(service="cutout")
metrics = Metrics(namespace="Cutout", service="cutout")


class ImageFunction:
    """Joins the pipeline to the buckets, the result bus and the memory of what was done."""

    def __init__(
        self,
        settings: ImageSettings,
        storage: Storage,
        bus: ResultBus,
        memory: BasePersistenceLayer,
        detector: Callable[[Model], Detector],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._bus = bus
        self._detector = detector
        self.idempotency = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256")
        self._settle_once: Callable[..., dict[str, Any]] = idempotent_function(
            self._settle,
            data_keyword_argument="upload",
            config=self.idempotency,
            persistence_store=memory,
            key_prefix="cutout",
        )

    def answer(self, upload: Upload) -> dict[str, Any]:
        """Bring `upload` to its one outcome, or recall the outcome that it had.

        Refusals are outcomes. Whatever else goes wrong is raised, so that the upload comes again.
        """
        with logger.append_context_keys(bucket=upload.bucket, key=upload.key, version=upload.version):
            watch = Stopwatch()
            try:
                with watch.stage("fetch"):
                    source = self._open(upload)
            except Refusal as refusal:
                return self._settle_once(upload=self._order(upload), attempt=raising(refusal))
            with closing(source):
                order = self._order(source.upload, from_metadata(source.metadata))
                return self._settle_once(upload=order, attempt=lambda: self._remove(source, watch))

    def answer_all(self, uploads: Sequence[Upload]) -> list[dict[str, Any]]:
        """`answer` for each. One that fails doesn't keep the others from their outcomes; the first error is raised."""
        answers, errors = [], []
        for upload in uploads:
            try:
                answers.append(self.answer(upload))
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
        if errors:
            raise errors[0]
        return answers

    def _open(self, upload: Upload) -> Source:
        if upload.bucket == self._settings.output_bucket:
            raise OutputBucketAsSource(f"{upload.key} lies in the output bucket, which is never taken as input.")
        return self._storage.open(upload)

    def _order(self, upload: Upload, metadata: Mapping[str, str] = NOTHING) -> Upload:
        """`upload` with all the options that make one order differ from another, the installation's among them.

        A version's metadata never changes, and may be gone when its event is repeated, so that it doesn't count.
        Without versions it is all that tells a photo uploaded anew with other options from a repeated event.
        """
        asked = upload.options if upload.is_versioned else {**metadata, **upload.options}
        return replace(upload, options={**self._settings.options.as_text(), **asked})

    def _settle(self, *, upload: Upload, attempt: Callable[[], Removed]) -> dict[str, Any]:
        """Make the attempt and publish its outcome. As `_settle_once` this runs once for each upload and options."""
        outcome: Outcome
        try:
            outcome = attempt()
        except Refusal as refusal:
            outcome = Failed(upload, refusal)
        self._bus.publish(outcome)
        detail = outcome.detail()
        logger.info(outcome.detail_type, detail=detail)
        metrics.add_metric(outcome.detail_type.replace(" ", ""), MetricUnit.Count, 1)
        return {"detail-type": outcome.detail_type, "detail": detail}

    def _remove(self, source: Source, watch: Stopwatch) -> Removed:
        options = self._settings.options.updated(asked_for(source))
        limits = self._settings.limits
        check_names(source.upload.key, options.outputs)
        with watch.stage("fetch"):
            content = source.read(limits.bytes)
        detector = self._detector(options.model)
        result = remove_background(content, options, detector, limits, self._reader(source.upload.bucket))
        with watch.stage("store"):
            outputs = tuple(self._write(source.upload, options, rendition) for rendition in result.renditions)
        seconds = {"fetch": watch.seconds["fetch"], **result.seconds, "store": watch.seconds["store"]}
        return Removed(source.upload, options.as_text(), outputs, result.verdict, seconds)

    def _reader(self, bucket: str) -> Callable[[str], bytes]:
        """What reads another object of `bucket`, a background picture."""

        def read(key: str) -> bytes:
            with closing(self._storage.open(Upload(bucket, key))) as source:
                return source.read(self._settings.limits.bytes)

        return read

    def _write(self, upload: Upload, options: Options, rendition: Rendition) -> Written:
        bucket, key = self._settings.output_bucket, f"{upload.key}{rendition.output.ending}"
        metadata = {
            "source-version": upload.version or "",
            "source-etag": upload.etag or "",
            "options": json.dumps(options.as_text()),
        }
        self._storage.put(bucket, key, rendition.content, rendition.content_type, metadata)
        return Written(bucket, key, rendition.content_type, len(rendition.content), rendition.width, rendition.height)


def check_names(key: str, outputs: Iterable[Output]) -> None:
    for output in outputs:
        if len(f"{key}{output.ending}".encode()) > LONGEST_KEY_BYTES:
            raise NameTooLong(
                f"The key of an output has at most {LONGEST_KEY_BYTES} bytes: {output.ending} is too many."
            )


def asked_for(source: Source) -> dict[str, str]:
    """The options of one upload, text by name: the caller's over those in the object's metadata."""
    return {**from_metadata(source.metadata), **source.upload.options}


def raising(refusal: Refusal) -> Callable[[], Removed]:
    def attempt() -> Removed:
        raise refusal

    return attempt


@cache
def image_function() -> ImageFunction:
    """The function as its environment sets it up; made once, when the first event comes."""
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of each credential that it finds
    settings = ImageSettings.from_environment(os.environ)

    @cache
    def detector(model: Model) -> Detector:
        return Detector(engines.load(engines.EngineName.AUTO, model, settings.weights_directory))

    return ImageFunction(
        settings,
        Storage(boto3.client("s3")),
        ResultBus(boto3.client("events"), settings.result_bus),
        DynamoDBPersistenceLayer(table_name=settings.idempotency_table),
        detector,
    )


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer SQS messages one by one, a direct call with its outcome, any other event with a list of outcomes."""
    function = image_function()
    function.idempotency.register_lambda_context(context)

    def answer_message(record: SQSRecord) -> None:
        try:
            function.answer_all(events.parse_text(record.body))
        except Exception:
            logger.exception("The message goes back to the queue.", message_id=record.message_id)
            raise

    if events.is_sqs(event):
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(event, answer_message, processor, context)
    answers = function.answer_all(events.parse(event))
    return answers[0] if events.is_direct(event) else answers
