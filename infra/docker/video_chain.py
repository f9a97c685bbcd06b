"""`make video-image`: the video job's image built, and run as AWS Batch would, against an AWS in a container."""

import os
import signal
import sys
import time
from collections.abc import Mapping

from cutout.choices import Output
from cutout.errors import CutoutError
from cutout.events import Upload
from cutout.settings import CommandLineSettings
from infra.docker import video_image
from infra.docker.base_image import prepare_base_image
from infra.docker.batch_job import run_job
from infra.docker.clip import FRAMES, HEIGHT, WIDTH, Shown, clip, shown
from infra.docker.command import CommandFailed
from infra.docker.image_size import whole_megabytes
from infra.docker.log import Log
from infra.docker.outcome_check import OutcomeCheck, Unexpected
from infra.docker.recorded import Announced
from infra.docker.reference import Reference
from infra.docker.stand_in import INPUT_BUCKET, OUTPUT_BUCKET, StandIn, stand_in
from infra.docker.wheel_server import WheelServerError
from infra.docker.wheelhouse import WheelhouseError
from infra.local.up import interrupt

LIMIT_MEGABYTES = 5500
SETTINGS = {"CUTOUT_MODEL": "u2netp", "CUTOUT_OUTPUTS": "mp4"}
BROKEN_CODE = "unreadable_video"
KEY = "-clip + 100% ü.MP4"

Failures = (CommandFailed, CutoutError, Unexpected, WheelhouseError, WheelServerError)


class VideoRuns:
    """Runs the image in every way that an upload can go."""

    def __init__(self, aws: StandIn, environment: Mapping[str, str], log: Log) -> None:
        directory = CommandLineSettings.from_environment(environment).weights_directory
        self._check = OutcomeCheck.of(aws, Reference.of(directory))
        self._s3 = aws.client("s3")
        self._log = log

    def once_for_each_upload(self) -> None:
        """A clip gets its output and one outcome, also when its event comes again."""
        announced = self._upload(KEY, clip())
        self._run(announced, "first")
        outcome = self._check.only_outcome(announced, KEY)
        if not outcome.is_removed:
            raise Unexpected(f"the clip was refused: {outcome.detail}")
        output = f"{KEY}{Output.MP4.video_ending}"
        made = shown(self._check.written(output, announced.uploads[0].etag or ""))
        if made != Shown("h264", WIDTH, HEIGHT, FRAMES):
            raise Unexpected(f"the output is {made}")
        self._log.say(f"  {output}: {made}, verdict {outcome.detail['verdict']}")
        written = self._s3.head_object(Bucket=OUTPUT_BUCKET, Key=output)["LastModified"]
        self._run(announced, "second")
        self._check.only_outcome(announced, KEY)
        if self._s3.head_object(Bucket=OUTPUT_BUCKET, Key=output)["LastModified"] != written:
            raise Unexpected("a repeated event had the clip worked on again")
        self._log.say("  the same upload for another job: no second outcome")

    def refuse_what_is_broken(self) -> None:
        whole = clip()
        announced = self._upload("broken.mp4", whole[: len(whole) // 2])
        self._run(announced, "third")
        self._check.refused(announced, BROKEN_CODE)
        self._log.say(f"  a broken clip: {BROKEN_CODE}, no output")

    def _upload(self, key: str, content: bytes) -> Announced:
        etag = self._s3.put_object(Bucket=INPUT_BUCKET, Key=key, Body=content)["ETag"].strip('"')
        return Announced(key, "", content, (Upload(INPUT_BUCKET, key, etag=etag),))

    def _run(self, announced: Announced, job_id: str) -> None:
        begin = time.perf_counter()
        logged = run_job(video_image.IMAGE, announced.uploads[0], job_id, SETTINGS)
        self._log.say(f"  job {job_id}: exit status 0 after {time.perf_counter() - begin:.1f} s")
        if "torch on the CPU" not in logged and job_id == "first":
            raise Unexpected(f"the job doesn't say that it works without a GPU:\n{logged[-2000:]}")


def main(environment: Mapping[str, str]) -> int:
    """The exit status."""
    log = Log()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        base_image = prepare_base_image(log)
        video_image.build(base_image, environment, log)
        size = whole_megabytes(video_image.IMAGE)
        log.say(f"docker build: done, {size:.0f} MB")
        if size > LIMIT_MEGABYTES:
            raise Unexpected(f"the image has {size:.0f} MB, and {LIMIT_MEGABYTES} are the limit")
        with stand_in(base_image) as aws:
            log.say(f"an AWS in a container: {aws.endpoint}")
            runs = VideoRuns(aws, environment, log)
            runs.once_for_each_upload()
            runs.refuse_what_is_broken()
    except Failures as error:
        log.say(f"make video-image: FAILED. {type(error).__name__}: {error}")
        return 1
    log.say("make video-image: the job does its work in Docker, on the CPU. What a GPU does was not shown.")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
