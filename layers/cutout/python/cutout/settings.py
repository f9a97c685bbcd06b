"""How an installation is set up. Each entry point reads its environment once, here, and checks it at the door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cutout.choices import Output
from cutout.errors import InvalidOption, InvalidSettings
from cutout.limits import Limits, VideoLimits
from cutout.options import READERS, Options

VIDEO_DEFAULTS = Options(outputs=(Output.MP4,))
DEFAULT_STACK = "cutout"


@dataclass(frozen=True)
class ImageSettings:
    """The image function's. `template.yaml` sets the variables; a test holds the two together."""

    output_bucket: str
    result_bus: str
    idempotency_table: str
    weights_directory: Path
    options: Options = field(default_factory=Options)
    limits: Limits = field(default_factory=Limits)
    leaves_videos: bool = False
    """Whether videos have a job of their own, so that the function leaves their uploads alone."""
    input_bucket: str | None = None
    """The bucket whose videos become jobs. Without it no video is left alone."""
    review_below: float = 0
    """Results of less confidence go to `review/`. At 0 none does."""
    stack: str = DEFAULT_STACK
    """Whose metrics are told from those of other stacks in the account."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ImageSettings":
        return cls(
            output_bucket=required(environment, "CUTOUT_OUTPUT_BUCKET"),
            result_bus=required(environment, "CUTOUT_RESULT_BUS"),
            idempotency_table=required(environment, "CUTOUT_IDEMPOTENCY_TABLE"),
            weights_directory=weights_directory(environment),
            options=default_options(environment, Options(), Options.check_for_photo),
            limits=Limits(
                megabytes=number(environment, "CUTOUT_LIMIT_MEGABYTES", Limits.megabytes),
                megapixels=number(environment, "CUTOUT_LIMIT_MEGAPIXELS", Limits.megapixels),
                frames=int(number(environment, "CUTOUT_LIMIT_FRAMES", Limits.frames)),
            ),
            leaves_videos=flag(environment, "CUTOUT_VIDEO_JOBS"),
            input_bucket=environment.get("CUTOUT_INPUT_BUCKET") or None,
            review_below=share(environment, "CUTOUT_REVIEW_BELOW"),
            stack=environment.get("CUTOUT_STACK") or DEFAULT_STACK,
        )


@dataclass(frozen=True)
class VideoSettings:
    """The video job's. `infra/video.yaml` sets the variables, and AWS Batch those of the job itself.

    `job` is the same in every attempt at one job.
    """

    output_bucket: str
    result_bus: str
    idempotency_table: str
    weights_directory: Path
    job: str
    attempt: str
    options: Options = field(default_factory=lambda: VIDEO_DEFAULTS)
    limits: VideoLimits = field(default_factory=VideoLimits)
    review_below: float = 0
    stack: str = DEFAULT_STACK

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "VideoSettings":
        return cls(
            output_bucket=required(environment, "CUTOUT_OUTPUT_BUCKET"),
            result_bus=required(environment, "CUTOUT_RESULT_BUS"),
            idempotency_table=required(environment, "CUTOUT_IDEMPOTENCY_TABLE"),
            weights_directory=weights_directory(environment),
            job=required(environment, "AWS_BATCH_JOB_ID"),
            attempt=environment.get("AWS_BATCH_JOB_ATTEMPT", "1"),
            options=default_options(environment, VIDEO_DEFAULTS, Options.check_for_video),
            limits=VideoLimits(
                megabytes=number(environment, "CUTOUT_LIMIT_MEGABYTES", VideoLimits.megabytes),
                megapixels=number(environment, "CUTOUT_LIMIT_MEGAPIXELS", VideoLimits.megapixels),
                minutes=number(environment, "CUTOUT_LIMIT_MINUTES", VideoLimits.minutes),
            ),
            review_below=share(environment, "CUTOUT_REVIEW_BELOW"),
            stack=environment.get("CUTOUT_STACK") or DEFAULT_STACK,
        )


@dataclass(frozen=True)
class CommandLineSettings:
    """The command line's own; everything else is an option of its commands."""

    weights_directory: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "CommandLineSettings":
        return cls(weights_directory(environment))


def weights_directory(environment: Mapping[str, str]) -> Path:
    """`CUTOUT_WEIGHTS_DIR`, or `cutout/weights` in the user's cache folder."""
    given = environment.get("CUTOUT_WEIGHTS_DIR")
    if given:
        return Path(given)
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "cutout" / "weights"


def default_options(environment: Mapping[str, str], unset: Options, check: Callable[[Options], None]) -> Options:
    """The installation's defaults for every upload: `CUTOUT_MODEL`, `CUTOUT_OUTPUTS` and so on, over `unset`."""
    given = {name: environment.get(f"CUTOUT_{name.upper()}") for name in READERS}
    try:
        options = unset.updated({name: text for name, text in given.items() if text})
        check(options)
    except InvalidOption as error:
        raise InvalidSettings(f"A default for all uploads is wrong: {error}") from error
    return options


def required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise InvalidSettings(f"The environment variable {name} is not set. The template sets it.")
    return value


def number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    value = as_float(name, text)
    if not 0 < value < float("inf"):
        raise InvalidSettings(f"{name} is above zero, not {text!r}.")
    return value


def share(environment: Mapping[str, str], name: str) -> float:
    """0 where it isn't set."""
    text = environment.get(name) or "0"
    value = as_float(name, text)
    if not 0 <= value <= 1:
        raise InvalidSettings(f"{name} is from 0 to 1, not {text!r}.")
    return value


def as_float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidSettings(f"{name} is a number, not {text!r}.") from error


def flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "false"
    if text not in ("true", "false"):
        raise InvalidSettings(f"{name} is true or false, not {text!r}.")
    return text == "true"
