"""The shapes in which an upload is announced, and the one shape that everybody else sees: `Upload`.

No other module knows what an event looks like. `infra/events` holds one recorded example of each shape.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from cutout.errors import UnreadableEvent


@dataclass(frozen=True)
class Upload:
    """One object that somebody put into a bucket.

    `version` and `etag` are None where the event doesn't say; storage finds them out. `options` are the caller's own,
    over those in the object's metadata, under the names of `options.Options`.
    """

    bucket: str
    key: str
    version: str | None = None
    etag: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.bucket or not self.key:
            raise UnreadableEvent(f"An upload has a bucket and a key, not {self.bucket!r} and {self.key!r}.")
        for text in (self.bucket, self.key, self.version, self.etag, *self.options, *self.options.values()):
            if text and not is_unicode(text):
                raise UnreadableEvent(f"An upload is named in Unicode, which {text!r} is not.")

    @property
    def is_versioned(self) -> bool:
        """Whether the version names this upload alone. "null" is what S3 calls all those without a version."""
        return self.version not in (None, "null")


def parse(event: object) -> list[Upload]:
    """The uploads that `event` announces; none for S3's test event, removals and the console's folder markers.

    Raises:
        UnreadableEvent: `event` has none of the known shapes.
    """
    match event:
        case {"Records": [*records]}:
            return [upload for record in records for upload in parse_record(record)]
        case {"Type": "Notification", "Message": str(message)}:
            return parse_text(message)
        case {
            "detail-type": str(kind),
            "detail": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **rest}},
        }:
            if kind != "Object Created" or is_folder_marker(key, rest):
                return []
            return [Upload(bucket, key, text(rest, "version-id"), etag_of(rest))]
        case {"Event": "s3:TestEvent"}:
            return []
        case {"bucket": str(bucket), "key": str(key), **rest}:
            return [direct_upload(bucket, key, rest)]
    raise UnreadableEvent(f"This is no event that announces an upload: {shape_of(event)}.")


def parse_text(text: str) -> list[Upload]:
    """The uploads that the JSON document `text` announces: the body of an SQS message, the message of SNS."""
    try:
        return parse(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableEvent(f"A message of {len(text)} characters is not JSON that can be read.") from error


def parse_record(record: object) -> list[Upload]:
    match record:
        case {"eventSource": "aws:sqs", "body": str(body)}:
            return parse_text(body)
        case {"EventSource": "aws:sns", "Sns": {"Message": str(message)}}:
            return parse_text(message)
        case {"eventName": str(name), "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(encoded), **rest}}}:
            key = unquote_plus(encoded)
            if "ObjectCreated:" not in name or is_folder_marker(key, rest):
                return []
            return [Upload(bucket, key, text(rest, "versionId"), etag_of(rest))]
    raise UnreadableEvent(f"This record announces no upload: {shape_of(record)}.")


def is_sqs(event: object) -> bool:
    """Whether `event` is a batch of SQS messages, which is answered message by message."""
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return True
    return False


def is_direct(event: object) -> bool:
    """Whether `event` names one object, so that its caller waits for one answer."""
    match event:
        case {"bucket": str(), "key": str()}:
            return True
    return False


def direct_upload(bucket: str, key: str, rest: Mapping[Any, Any]) -> Upload:
    unknown = rest.keys() - {"version", "etag", "options"}
    if unknown:
        raise UnreadableEvent(f"A direct call has bucket, key, version, etag and options, not {sorted(unknown)}.")
    options = rest.get("options") or {}
    if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
        raise UnreadableEvent("The options of a direct call map names to strings.")
    return Upload(bucket, key, text(rest, "version"), etag_of(rest), options)


def is_unicode(text: str) -> bool:
    """JSON can hold halves of characters, which nothing that is sent can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_folder_marker(key: str, entry: Mapping[Any, Any]) -> bool:
    return key.endswith("/") and entry.get("size", 0) == 0


def etag_of(entry: Mapping[Any, Any]) -> str | None:
    etag = text(entry, "etag") or text(entry, "eTag")
    return etag.strip('"') if etag else None


def text(entry: Mapping[Any, Any], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise UnreadableEvent(f"{name} of an object in an event is a string, not {shape_of(value)}.")
    return value or None


def shape_of(event: object) -> str:
    """What `event` looks like, without what it says: logs carry no content."""
    match event:
        case dict(fields):
            return f"an object with {sorted(map(str, fields))[:10]}"
    return f"a value of type {type(event).__name__}"
