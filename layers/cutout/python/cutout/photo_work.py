"""One photo, from its object in a bucket to the objects of its outputs."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from cutout.choices import MatteFrom
from cutout.errors import NameTooLong, ObjectMissing
from cutout.events import Upload
from cutout.models import Model
from cutout.options import Options
from cutout.orders import (
    asked_for,
    check_metadata,
    check_names,
    matte_keys,
    output_key,
    output_metadata,
    verdict_of_same_matte,
)
from cutout.photo_outputs import Rendition
from cutout.pipeline import remove_background, render_again
from cutout.results import Removed, Written
from cutout.saliency.detector import Detector
from cutout.settings import ImageSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage
from cutout.verdict import Verdict


@dataclass(frozen=True)
class StoredMatte:
    """A file of the output bucket, and what was said of it when it was made."""

    content: bytes
    verdict: Verdict


@dataclass(frozen=True)
class PhotoWork:
    """Joins the pipeline to the buckets. `detector` brings the net of a model."""

    settings: ImageSettings
    storage: Storage
    detector: Callable[[Model], Detector]

    def remove(self, source: Source, watch: Stopwatch, check: Callable[..., bytes]) -> Removed:
        """Write what `source` asks for, or the defaults where it doesn't say, and tell what was written.

        `watch` has timed its opening. `check` is given each picture, and of the photo its frames, before it is decoded.

        Raises:
            Refusal: the photo, or what is asked of it, is at fault.
        """
        options = self.settings.options.updated(asked_for(source.upload, source.metadata))
        limits = self.settings.limits
        endings = [output.ending for output in options.outputs]
        check_names(source.upload, endings, for_review=self.settings.review_below > 0)
        check_metadata(source.upload, options)
        with watch.stage("fetch"):
            content = source.read(limits.bytes)
            stored = self._stored_matte(source.upload, options)
        check(content, options.frames)
        read_file = self._reader(source.upload.bucket, check)
        if stored is None:
            result = remove_background(content, options, self.detector(options.model), limits, read_file)
        else:
            result = replace(render_again(content, stored.content, options, limits, read_file), verdict=stored.verdict)
        with watch.stage("store"):
            outputs = tuple(self._write(source.upload, options, result.verdict, made) for made in result.renditions)
        seconds = {"fetch": watch.seconds["fetch"], **result.seconds, "store": watch.seconds["store"]}
        return Removed(source.upload, options.as_text(), outputs, result.verdict, seconds)

    def _stored_matte(self, upload: Upload, options: Options) -> StoredMatte | None:
        """The matte that the net made of this very upload before, if `options` want it and it is there."""
        if options.matte is not MatteFrom.STORED:
            return None
        for key in matte_keys(upload):
            try:
                found = self.storage.open(Upload(self.settings.output_bucket, key))
            except (ObjectMissing, NameTooLong):
                continue
            with closing(found):
                verdict = verdict_of_same_matte(found.metadata, upload, options)
                if verdict is not None:
                    return StoredMatte(found.read(self.settings.limits.bytes), verdict)
        return None

    def _reader(self, bucket: str, check: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
        """What reads another object of `bucket`, a background picture."""

        def read(key: str) -> bytes:
            with closing(self.storage.open(Upload(bucket, key))) as source:
                return check(source.read(self.settings.limits.bytes))

        return read

    def _write(self, upload: Upload, options: Options, verdict: Verdict, rendition: Rendition) -> Written:
        bucket, for_review = self.settings.output_bucket, verdict.confidence < self.settings.review_below
        key = output_key(upload, rendition.output.ending, for_review=for_review)
        metadata = output_metadata(upload, options, verdict)
        self.storage.put(bucket, key, rendition.content, rendition.content_type, metadata)
        return Written(bucket, key, rendition.content_type, len(rendition.content), rendition.width, rendition.height)
