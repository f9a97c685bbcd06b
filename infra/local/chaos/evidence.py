"""Looks up what `audit` judges: the buckets, the table, the dead-letter queues, what was heard on the bus."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import av
from av.error import FFmpegError
from PIL import Image

from cutout.dead_letters import letters
from infra.local.aws import EmbeddedAws
from infra.local.chaos.audit import Evidence, Heard, Identity, Row, Stored, Uploaded


def gather(aws: EmbeddedAws, uploads: Sequence[Uploaded]) -> Evidence:
    heard = tuple(Heard(event.detail_type, event.detail) for event in aws.outcomes.all())
    return Evidence(uploads, heard, tuple(_rows(aws)), tuple(_stored(aws)), tuple(dead(aws)))


def dead(aws: EmbeddedAws) -> Iterator[Identity]:
    """The uploads in the dead-letter queues, where they stay."""
    sqs = aws.client("sqs")
    for name in ("ImageDlqUrl", "VideoDlqUrl"):
        found = list(letters(sqs, aws.outputs[name]))
        for letter in found:
            sqs.change_message_visibility(QueueUrl=aws.outputs[name], ReceiptHandle=letter.receipt, VisibilityTimeout=0)
            yield from ((upload.key, upload.version) for upload in letter.uploads)


def _rows(aws: EmbeddedAws) -> Iterator[Row]:
    table = aws.outputs["IdempotencyTable"]
    for page in aws.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            event: Any = json.loads(item["outcome"]["S"]) if "outcome" in item else None
            decision = Heard(event["detail-type"], event["detail"]) if event else None
            yield Row(item["id"]["S"], item["status"]["S"], decision)


def _stored(aws: EmbeddedAws) -> Iterator[Stored]:
    s3, bucket = aws.client("s3"), aws.outputs["OutputBucket"]
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in page.get("Versions", ()):
            found = s3.get_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
            content = found["Body"].read()
            source = found["Metadata"]["source-version"]
            yield Stored(entry["Key"], source, len(content), is_whole(entry["Key"], content))


def is_whole(key: str, content: bytes) -> bool:
    """Whether it can be decoded to its end."""
    try:
        if key.endswith(".mp4"):
            with av.open(io.BytesIO(content)) as container:
                return bool(sum(1 for _ in container.decode(video=0)) == container.streams.video[0].frames > 0)
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, FFmpegError):
        return False
    return True
