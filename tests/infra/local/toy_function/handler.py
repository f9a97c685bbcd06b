"""A function without pictures: it writes down each event, and does what an upload's key or a direct event asks for."""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3

from cutout.routes import is_video

RECORD = Path(os.environ["TOY_RECORD"])


def handler(event: dict[str, Any], context: Any) -> Any:
    earlier = RECORD.read_text().count("crashes-once")
    with RECORD.open("a") as record:
        record.write(json.dumps(event) + "\n")
    if "Records" not in event:
        time.sleep(event.get("sleep_seconds", 0))
        return {
            "event": event,
            "process": os.getpid(),
            "remaining_milliseconds": context.get_remaining_time_in_millis(),
            "environment": dict(os.environ),
        }
    failures = []
    for message in event["Records"]:
        upload = json.loads(message["body"])["detail"]
        key = upload["object"]["key"]
        if os.environ["CUTOUT_VIDEO_JOBS"] == "true" and is_video(key):
            continue
        if key.startswith("crashes-once") and not earlier:
            os._exit(7)
        if key.startswith("hangs-once") and message["attributes"]["ApproximateReceiveCount"] == "1":
            time.sleep(60)
        if key.startswith("fails"):
            failures.append({"itemIdentifier": message["messageId"]})
        else:
            publish(upload)
    return {"batchItemFailures": failures}


def publish(upload: dict[str, Any]) -> None:
    head = boto3.client("s3").head_object(Bucket=upload["bucket"]["name"], Key=upload["object"]["key"])
    detail = {
        "upload": {
            "bucket": upload["bucket"]["name"],
            "key": upload["object"]["key"],
            "version": upload["object"]["version-id"],
        },
        "metadata": head["Metadata"],
    }
    answer = boto3.client("events").put_events(
        Entries=[
            {
                "EventBusName": os.environ["CUTOUT_RESULT_BUS"],
                "Source": "cutout",
                "DetailType": "Background Removed",
                "Detail": json.dumps(detail),
            }
        ]
    )
    assert not answer["FailedEntryCount"]
