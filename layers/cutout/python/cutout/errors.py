"""Every error that cutout raises on purpose.

Three families answer one question: what should the caller do?

- `Refusal`: the input is at fault. Retrying the same input can't help. A person reads the sentence.
- `Transient`: the world around is at fault. The same input may succeed later.
- `Misconfiguration`: the installation is at fault. Somebody has to mend it; the input may succeed afterwards.

`code` is stable: services and alarms match on it. The sentence is for people and says what to do.
"""

from typing import ClassVar


class CutoutError(Exception):
    """Base of the family. `str(error)` is one sentence that a person understands."""

    code: ClassVar[str]
    retry_can_help: ClassVar[bool]


class Refusal(CutoutError):
    retry_can_help = False


class Transient(CutoutError):
    retry_can_help = True


class Misconfiguration(CutoutError):
    retry_can_help = True


# What was uploaded
class EmptyFile(Refusal):
    code = "empty_file"


class UnsupportedFormat(Refusal):
    code = "unsupported_format"


class UnreadableImage(Refusal):
    code = "unreadable_image"


class UnreadableVideo(Refusal):
    code = "unreadable_video"


class NoVideoStream(Refusal):
    code = "no_video_stream"


class NoFrames(Refusal):
    code = "no_frames"


class TooLong(Refusal):
    code = "too_long"


class TooManyPixels(Refusal):
    code = "too_many_pixels"


class TooManyBytes(Refusal):
    code = "too_many_bytes"


class NoSubject(Refusal):
    code = "no_subject"


# How it was asked for
class InvalidOption(Refusal):
    code = "invalid_option"


class UnreadableEvent(Refusal):
    code = "unreadable_event"


class OutputBucketAsSource(Refusal):
    code = "output_bucket_as_source"


# Where it lies
class ObjectMissing(Refusal):
    code = "object_missing"


class ObjectDeleted(Refusal):
    code = "object_deleted"


class ObjectReplaced(Refusal):
    code = "object_replaced"


class ObjectArchived(Refusal):
    code = "object_archived"


class NameTooLong(Refusal):
    code = "name_too_long"


# What failed around it
class StorageUnavailable(Transient):
    code = "storage_unavailable"


class ResultBusUnavailable(Transient):
    code = "result_bus_unavailable"


class DownloadFailed(Transient):
    code = "download_failed"


# What has to be mended
class StorageDenied(Misconfiguration):
    code = "storage_denied"


class InvalidSettings(Misconfiguration):
    code = "invalid_settings"


class InvalidWeights(Misconfiguration):
    code = "invalid_weights"


class MissingWeights(Misconfiguration):
    code = "missing_weights"


class MissingEngine(Misconfiguration):
    code = "missing_engine"


class MissingPackage(Misconfiguration):
    code = "missing_package"
