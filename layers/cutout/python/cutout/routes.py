"""Who answers for an upload, by its name: the image function or the video job. `infra/video.yaml` has the same list."""

from string import ascii_lowercase, ascii_uppercase

ASCII_LOWERED = str.maketrans(ascii_uppercase, ascii_lowercase)
"""Other letters stay: `str.lower` makes a k of the Kelvin sign, and EventBridge isn't known to."""

VIDEO_ENDINGS = (
    ".3gp",
    ".avi",
    ".flv",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mts",
    ".mxf",
    ".ogv",
    ".ts",
    ".webm",
    ".wmv",
)


def is_video(key: str) -> bool:
    """Whether the upload under `key`, or the file of that name, is taken for a video."""
    return key.translate(ASCII_LOWERED).endswith(VIDEO_ENDINGS)
