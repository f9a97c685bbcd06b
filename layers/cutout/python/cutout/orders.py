"""An order: an upload and all the options that hold for it. Each order has exactly one outcome."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType

from cutout.choices import Frames, Output, WholePicture
from cutout.errors import InvalidOption, NameTooLong, OutputBucketAsSource
from cutout.events import Upload
from cutout.options import Options, from_metadata
from cutout.verdict import Verdict

REMEMBERED_SECONDS = 30 * 24 * 3600
"""How long a repeated event finds the outcome that was: longer than a message can wait in the queue and its DLQ."""

REVIEW_PREFIX = "review/"
LONGEST_VERDICT = Verdict(0.1234, 0.1234, 0.1234, 99999, 0.1234)
LONGEST_KEY_BYTES = 1024
LARGEST_METADATA_BYTES = 2048
NOTHING: Mapping[str, str] = MappingProxyType({})


def order_of(upload: Upload, defaults: Options, metadata: Mapping[str, str] = NOTHING) -> Upload:
    """`upload` with all the options that make one order differ from another, the installation's among them.

    A version's metadata never changes, and may be gone when its event is repeated, so that it doesn't count.
    Without versions it is all that tells an object uploaded anew with other options from a repeated event.
    """
    asked = upload.options if upload.is_versioned else asked_for(upload, metadata)
    return replace(upload, options={**defaults.as_text(), **asked})


def asked_for(upload: Upload, metadata: Mapping[str, str]) -> dict[str, str]:
    """The options of one upload, text by name: the caller's over those in the object's metadata."""
    return {**from_metadata(metadata), **upload.options}


def check_source(upload: Upload, output_bucket: str) -> None:
    if upload.bucket == output_bucket:
        raise OutputBucketAsSource(f"{upload.key} lies in the output bucket, which is never taken as input.")


def output_key(upload: Upload, ending: str, *, for_review: bool) -> str:
    """Where an output of `upload` goes in the output bucket."""
    return f"{REVIEW_PREFIX if for_review else ''}{upload.key}{ending}"


def check_names(upload: Upload, endings: Iterable[str], *, for_review: bool) -> None:
    """Raises NameTooLong where an output's key is longer than S3 allows."""
    for ending in endings:
        if len(output_key(upload, ending, for_review=for_review).encode()) > LONGEST_KEY_BYTES:
            raise NameTooLong(f"The key of an output has at most {LONGEST_KEY_BYTES} bytes: {ending} is too many.")


def check_metadata(upload: Upload, options: Options) -> None:
    """Raises NameTooLong where S3 has no room for `output_metadata`, of which it counts the names and the values."""
    metadata = output_metadata(upload, options, LONGEST_VERDICT)
    size_bytes = sum(len(f"{name}{value}".encode()) for name, value in metadata.items())
    if size_bytes > LARGEST_METADATA_BYTES:
        raise NameTooLong(
            f"An output's metadata has at most {LARGEST_METADATA_BYTES} bytes, and with these options it would have "
            f"{size_bytes}: the background's name is too long."
        )


def output_metadata(upload: Upload, options: Options, verdict: Verdict) -> dict[str, str]:
    """What each output says of its making, as S3 user metadata: in ASCII, so that any other letter takes six bytes."""
    return {
        "source-version": upload.version or "",
        "source-etag": upload.etag or "",
        "options": json.dumps(options.as_text()),
        "verdict": json.dumps(asdict(verdict)),
    }


def matte_keys(upload: Upload) -> tuple[str, str]:
    """Where in the output bucket a matte of `upload` may lie."""
    ending = Output.MASK.ending
    return output_key(upload, ending, for_review=False), output_key(upload, ending, for_review=True)


def verdict_of_same_matte(metadata: Mapping[str, str], upload: Upload, options: Options) -> Verdict | None:
    """The verdict on a stored matte, by its metadata, if the net would make the same of `upload`; None otherwise."""
    try:
        made_by = Options().updated(json.loads(metadata["options"]))
        verdict = Verdict(**json.loads(metadata["verdict"]))
    except (KeyError, ValueError, TypeError, AttributeError, InvalidOption):
        return None
    is_same_upload = (metadata.get("source-version"), metadata.get("source-etag")) == (
        upload.version or "",
        upload.etag or "",
    )
    determined_by = (made_by.model, made_by.edges, made_by.crop, made_by.frames)
    is_same_matte = determined_by == (options.model, options.edges, WholePicture(), Frames.FIRST)
    return verdict if is_same_upload and is_same_matte else None
