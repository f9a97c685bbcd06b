"""One video, from its object in a bucket to the objects of its outputs."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cutout.events import Upload
from cutout.models import Model
from cutout.options import Options
from cutout.orders import asked_for, check_metadata, check_names, output_key, output_metadata
from cutout.results import Removed, Written
from cutout.saliency.detector import Detector
from cutout.settings import VideoSettings
from cutout.stopwatch import Stopwatch
from cutout.storage import Source, Storage
from cutout.verdict import Verdict

if TYPE_CHECKING:
    from cutout.video_pipeline import Progress, VideoRendition, VideoResult

    Pipeline = Callable[..., VideoResult]  # as video_pipeline.remove_video_background


@dataclass(frozen=True)
class VideoWork:
    """Joins the `pipeline` to the buckets. `detector` brings the net of a model. Outputs are made in `scratch`."""

    settings: VideoSettings
    storage: Storage
    detector: Callable[[Model], Detector]
    pipeline: "Pipeline"
    scratch: Path

    def headers(self, upload: Upload) -> Source:
        """What is known of `upload`. Its content comes by ranges, once it is certain that it shall be read."""
        with closing(self.storage.open(upload)) as source:
            return source

    def remove(
        self, source: Source, watch: Stopwatch, check: Callable[[], None], progress: Callable[["Progress"], None]
    ) -> Removed:
        """Write what `source` asks for, or the defaults where it doesn't say, and tell what was written.

        `watch` has timed its opening. `check` is called while outputs are stored and raises what shall end it; so may
        `progress`, after each frame.

        Raises:
            Refusal: the video, or what is asked of it, is at fault.
        """
        options = self.settings.options.updated(asked_for(source.upload, source.metadata))
        options.check_for_video()
        endings = [output.video_ending for output in options.outputs]
        check_names(source.upload, endings, for_review=self.settings.review_below > 0)
        check_metadata(source.upload, options)
        source.check_size(self.settings.limits.bytes)
        targets = {output: self.scratch / f"output{output.video_ending}" for output in options.outputs}
        with ExitStack() as files:
            file = files.enter_context(self.storage.as_file(source))
            open_file = partial(self._open_file, files, source.upload.bucket)
            limits = self.settings.limits
            result = self.pipeline(
                file, options, lambda: self.detector(options.model), limits, targets, open_file, progress
            )
        with watch.stage("store"):
            outputs = tuple(
                self._write(source.upload, options, result.verdict, made, check) for made in result.renditions
            )
        seconds = {"fetch": watch.seconds["fetch"], **result.seconds, "store": watch.seconds["store"]}
        return Removed(source.upload, options.as_text(), outputs, result.verdict, seconds, result.report)

    def _open_file(self, files: ExitStack, bucket: str, key: str) -> BinaryIO:
        """Another object of `bucket`, a background. It is closed with `files`."""
        source = self.headers(Upload(bucket, key))
        source.check_size(self.settings.limits.bytes)
        return files.enter_context(self.storage.as_file(source))

    def _write(
        self,
        upload: Upload,
        options: Options,
        verdict: Verdict,
        rendition: "VideoRendition",
        check: Callable[[], None],
    ) -> Written:
        bucket, for_review = self.settings.output_bucket, verdict.confidence < self.settings.review_below
        key = output_key(upload, rendition.output.video_ending, for_review=for_review)
        path, content_type = rendition.path, rendition.content_type
        metadata = output_metadata(upload, options, verdict)
        self.storage.put_file(bucket, key, path, content_type, metadata, lambda _: check())
        return Written(bucket, key, content_type, path.stat().st_size, rendition.width, rendition.height)
