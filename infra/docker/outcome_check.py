"""Whether an event that the function was given left what a user expects: the outputs, and one outcome for each."""

import time
from dataclasses import dataclass

from botocore.exceptions import ClientError

from cutout.options import Options
from cutout.results import Failed
from infra.docker.answers import JsonValue
from infra.docker.recorded import Announced
from infra.docker.reference import Reference, compare
from infra.docker.stand_in import INPUT_BUCKET, OUTPUT_BUCKET, RESULT_BUS, StandIn
from infra.local.outcomes import OutcomeEvent, Outcomes, subscribe

OUTCOME_SECONDS = 120
DEFAULTS = Options()


class Unexpected(Exception):
    """The function left something else than what was expected."""


@dataclass(frozen=True)
class OutcomeCheck:
    """Looks at what is in the stand-in, and at what the library makes of the same photos."""

    aws: StandIn
    reference: Reference
    outcomes: Outcomes

    @classmethod
    def of(cls, aws: StandIn, reference: Reference) -> "OutcomeCheck":
        listening = subscribe(RESULT_BUS, aws.client("events"), aws.client("sqs"), lambda: "in the container's log")
        return cls(aws, reference, listening)

    def removed(self, announced: Announced, defaults: Options = DEFAULTS) -> float:
        """That each upload has its outputs and its one outcome; returns the largest mean difference of a matte.

        `defaults` are the options that the function was told of for all uploads.

        Raises:
            Unexpected: an output or an outcome is missing, or there are too many.
            Difference: an output isn't what the library makes of the photo.
        """
        apart = [0.0]
        for upload in announced.uploads:
            outcome = self.only_outcome(announced, upload.key)
            if not outcome.is_removed:
                raise Unexpected(f"{announced.name}: {upload.key} was refused: {outcome.detail}")
            for expected in self.reference.renditions(upload, announced.content, defaults):
                written = self.written(f"{upload.key}{expected.output.ending}", outcome.detail["upload"]["etag"])
                apart.append(compare(expected, written, announced.content))
        return max(apart)

    def refused(self, announced: Announced, code: str) -> None:
        """That each upload has a refusal for its one outcome, and no output. Raises `Unexpected`."""
        for upload in announced.uploads:
            outcome = self.only_outcome(announced, upload.key)
            if outcome.detail_type != Failed.detail_type or outcome.detail["error"]["code"] != code:
                raise Unexpected(f"{announced.name}: {code} was expected, not {outcome.detail_type}: {outcome.detail}")
            listed = self.aws.client("s3").list_objects_v2(Bucket=OUTPUT_BUCKET, Prefix=upload.key)
            if listed["KeyCount"]:
                raise Unexpected(f"{announced.name}: {upload.key} was refused and has an output all the same")

    def answered(self, announced: Announced, answer: JsonValue) -> None:
        """That a direct call's answer is the outcome on the bus. Raises `Unexpected`."""
        outcome = self.only_outcome(announced, announced.uploads[0].key)
        if answer != {"detail-type": outcome.detail_type, "detail": outcome.detail}:
            raise Unexpected(f"{announced.name}: answered {answer}, and the bus got {outcome}")

    def wait(self, announced: Announced) -> None:
        """Until the first upload of an asynchronous call has an outcome. Raises `Unexpected` if it gets none."""
        key = announced.uploads[0].key
        deadline = time.monotonic() + OUTCOME_SECONDS
        while not any(outcome.detail["upload"]["key"] == key for outcome in self.outcomes.all()):
            if time.monotonic() > deadline:
                raise Unexpected(f"{announced.name}: no outcome within {OUTCOME_SECONDS} s")
            time.sleep(0.2)

    def only_outcome(self, announced: Announced, key: str) -> OutcomeEvent:
        """The outcome of the upload of this very content under `key`."""
        etag = self.aws.client("s3").head_object(Bucket=INPUT_BUCKET, Key=key)["ETag"].strip('"')
        found = [
            outcome
            for outcome in self.outcomes.all()
            if (outcome.detail["upload"]["key"], outcome.detail["upload"]["etag"]) == (key, etag)
        ]
        if len(found) != 1:
            raise Unexpected(f"{announced.name}: {key} has {len(found)} outcomes on the bus")
        return found[0]

    def written(self, key: str, etag: str) -> bytes:
        """The output under `key`, made of the upload with `etag` and of no other, as its metadata says."""
        try:
            stored = self.aws.client("s3").get_object(Bucket=OUTPUT_BUCKET, Key=key)
        except ClientError as error:
            raise Unexpected(f"{key} was not written: {error}") from error
        if etag not in stored["Metadata"].values():
            raise Unexpected(f"{key} was made of {stored['Metadata']}, not of the photo with etag {etag}")
        content: bytes = stored["Body"].read()
        return content
