"""The recorded events, made true: what each one announces lies in the bucket, and the event says so."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import skimage.data
from PIL import Image

from cutout import events
from cutout.events import Upload
from infra.local.aws import REPOSITORY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RECORDED = REPOSITORY / "infra" / "events"
STEP_PIXELS = 8


@dataclass(frozen=True)
class Announced:
    """An event as JSON, and the uploads that it announces; `content` is what each of them holds."""

    name: str
    text: str
    content: bytes
    uploads: tuple[Upload, ...]

    @property
    def event(self) -> Any:
        return json.loads(self.text)


def recorded_events() -> list[Path]:
    found = sorted(RECORDED.glob("*.json"))
    if not found:
        raise FileNotFoundError(f"there are no recorded events in {RECORDED}")
    return found


def photo(number: int) -> bytes:
    """A cat, as a JPEG file. Each number's is another file, in another size, so that no result passes for another's."""
    pixels = skimage.data.chelsea()
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, : pixels.shape[1] - number * STEP_PIXELS]).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def make_true(recorded: Path, content: bytes, s3: "S3Client") -> Announced:
    """Upload `content` to wherever the recorded event says, and say in the event which etag that gave.

    The buckets here keep no versions, so the event names none.
    """
    text = recorded.read_text(encoding="utf-8")
    for upload in events.parse(json.loads(text)):
        etag = s3.put_object(Bucket=upload.bucket, Key=upload.key, Body=content)["ETag"].strip('"')
        text = text.replace(upload.etag, etag) if upload.etag else text
    for name in ("version-id", "versionId"):
        text = text.replace(name, "unused")
    return Announced(recorded.stem, text, content, tuple(events.parse(json.loads(text))))


def direct(key: str, content: bytes, bucket: str, s3: "S3Client", **options: str) -> Announced:
    """A direct call for an upload of `content` under `key`."""
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    event = {"bucket": bucket, "key": key, "options": options}
    return Announced(key, json.dumps(event), content, tuple(events.parse(event)))
