"""What the service costs around the library: time for one photo, and memory. The figures are printed.

If these fail, every photo pays for more than its matting, or the function needs a larger Lambda than it is given.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
import skimage.data
from PIL import Image

from infra.local.aws import EmbeddedAws

PHOTOS = 15
OVERHEAD_LIMIT_SECONDS = 0.1
MEMORY_LIMIT_BYTES = 2e9
QUIET_BUCKET = "photos"
"""Uploads there are announced to nobody, so that each photo is worked on once, when it is asked for."""
OUTSIDE_THE_LIBRARY = {"fetch", "store"}

pytestmark = pytest.mark.benchmark


@pytest.fixture
def aws(weights_directory: Path) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(function_environment={"CUTOUT_WEIGHTS_DIR": str(weights_directory)}) as running:
        running.client("s3").create_bucket(Bucket=QUIET_BUCKET)
        yield running


def coffee(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.coffee()).resize((width, height)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def answered(aws: EmbeddedAws, key: str, content: bytes, model: str) -> tuple[float, float]:
    """Seconds from event in to event out for one photo, and those of them that the library took."""
    aws.client("s3").put_object(Bucket=QUIET_BUCKET, Key=key, Body=content)
    begin = time.perf_counter()
    answer = aws.invoke({"bucket": QUIET_BUCKET, "key": key, "options": {"model": model}})
    seconds = time.perf_counter() - begin
    assert isinstance(answer, dict)
    stages = answer["detail"]["seconds"]
    return seconds, sum(taken for stage, taken in stages.items() if stage not in OUTSIDE_THE_LIBRARY)


def peak_resident_bytes() -> int:
    """Of the function's process: the one child of ours that runs Lambda's runtime interface client."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            if int(status["PPid"]) == os.getpid() and b"awslambdaric" in (process / "cmdline").read_bytes():
                return int(status["VmHWM"].split()[0]) * 1024
        except FileNotFoundError:
            continue
    raise AssertionError("the function's process is not running")


def test_the_service_adds_little_to_one_photo(aws: EmbeddedAws, report: Callable[[str], None]) -> None:
    photo = coffee(1200, 800)
    answered(aws, "warm-up.jpg", photo, "u2netp")
    overheads = []
    for number in range(PHOTOS):
        seconds, library = answered(aws, f"{number}.jpg", photo, "u2netp")
        overheads.append(seconds - library)
    report(f"service overhead: median {1000 * median(overheads):.0f} ms, worst {1000 * max(overheads):.0f} ms")
    assert median(overheads) < OVERHEAD_LIMIT_SECONDS


def test_twelve_megapixels_fit_into_two_gigabytes(aws: EmbeddedAws, report: Callable[[str], None]) -> None:
    photo = coffee(4000, 3000)
    for number in range(3):
        seconds, library = answered(aws, f"{number}.jpg", photo, "u2net")
    peak = peak_resident_bytes()
    report(
        f"12 megapixels, u2net: {seconds:.2f} s, of it {library:.2f} s in the library; peak memory {peak / 1e9:.2f} GB"
    )
    assert peak < MEMORY_LIMIT_BYTES
