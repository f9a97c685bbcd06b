"""A job without videos: it writes down each attempt, and does what the upload's key asks for."""

import json
import os
import sys
import time
from pathlib import Path

import boto3


def main() -> int:
    _, bucket, key, version, etag = sys.argv[1:]
    scratch = Path(os.environ["TMPDIR"])
    note = {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "process": os.getpid(),
        "scratch": str(scratch),
        "found_in_scratch": [path.name for path in scratch.iterdir()],
    }
    with Path(os.environ["TOY_JOB_RECORD"]).open("a") as record:
        record.write(json.dumps(note) + "\n")
    (scratch / "left-behind").touch()
    sys.stdout.write(f"at work on {key}\n")
    sys.stdout.flush()
    first = os.environ["AWS_BATCH_JOB_ATTEMPT"] == "1"
    if key.startswith("tells-progress"):
        sys.stdout.write(json.dumps({"message": "Progress", "key": key, "frames": 3, "of": 4}) + "\n")
        sys.stdout.flush()
        time.sleep(3)
    if key.startswith("hangs"):
        time.sleep(60)
    if key.startswith("fails") or (key.startswith("transient-once") and first):
        return 75 if key.startswith(("transient", "fails-transient")) else 3
    publish(bucket, key, version, etag)
    return 0


def publish(bucket: str, key: str, version: str, etag: str) -> None:
    outputs = [made(bucket, key)] if key.startswith("makes-output") else []
    upload = {"bucket": bucket, "key": key, "version": version, "etag": etag}
    detail = {"upload": upload, "outputs": outputs, "report": {}}
    entry = {
        "EventBusName": os.environ["CUTOUT_RESULT_BUS"],
        "Source": "cutout",
        "DetailType": "Background Removed",
        "Detail": json.dumps(detail),
    }
    assert not boto3.client("events").put_events(Entries=[entry])["FailedEntryCount"]


def made(bucket: str, key: str) -> dict[str, str]:
    s3, output = boto3.client("s3"), {"bucket": os.environ["CUTOUT_OUTPUT_BUCKET"], "key": f"{key}.mp4"}
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=output["bucket"], Key=output["key"], Body=b"made of " + content)
    return output


if __name__ == "__main__":
    sys.exit(main())
