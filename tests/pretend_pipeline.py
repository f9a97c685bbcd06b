"""In the place of the pipeline of videos, for what is around it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from cutout.choices import Output
from cutout.limits import VideoLimits
from cutout.options import Options
from cutout.saliency.detector import Detector
from cutout.verdict import Report, Verdict
from cutout.video_pipeline import Progress, VideoRendition, VideoResult

LIMITS = VideoLimits(megabytes=10)
"""That it is to be given."""

SIZES = {"mp4": 10, "webm": 11, "mov": 12, "mask": 13}


class Pipeline:
    """Notes what it reads, the video and its background, and writes files of a known `content`.

    `meanwhile` is called when it has read the video, and may raise.
    """

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.read: list[bytes] = []
        self.meanwhile = meanwhile
        self.content: Callable[[Output], bytes] = lambda output: bytes(SIZES[output])

    def __call__(
        self,
        source: BinaryIO,
        options: Options,
        load_detector: Callable[[], Detector],
        limits: VideoLimits,
        targets: Mapping[Output, Path],
        open_file: Callable[[str], BinaryIO],
        progress: Callable[[Progress], None],
    ) -> VideoResult:
        assert isinstance(load_detector(), Detector)
        assert limits == LIMITS
        self.read.append(source.read())
        if options.as_text()["background"].startswith("key:"):
            self.read.append(open_file(str(options.background).removeprefix("key:")).read())
        self.meanwhile()
        progress(Progress(1, 3))
        for output, path in targets.items():
            path.write_bytes(self.content(output))
        renditions = tuple(VideoRendition(output, path, "video/x", 64, 48) for output, path in targets.items())
        report = Report(3, 3, 0, 3, 0.3, 0.3, 0.01, ("It has no sound.",))
        return VideoResult(renditions, Verdict(0.3, 0, 0.01, 2, 0.9), report, {"decode": 1.0, "saliency": 2.0})
