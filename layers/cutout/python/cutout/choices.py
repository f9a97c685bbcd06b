"""What each option can be, and how it is written as text."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

from PIL import ImageColor

from cutout.errors import InvalidOption

MAX_BLUR_RADIUS_PIXELS = 500
DEFAULT_SHADOW_PERCENT = 40.0
SHOWN_CHARACTERS = 80


class Output(StrEnum):
    """A file to be made. The value is what the user writes."""

    PNG = "png"
    WEBP = "webp"
    WEBP_LOSSLESS = "webp-lossless"
    JPG = "jpg"
    AVIF = "avif"
    LAYERS = "layers"
    MP4 = "mp4"
    WEBM = "webm"
    MOV = "mov"
    MASK = "mask"

    @property
    def ending(self) -> str:
        """What is put behind the key of a photo."""
        return PHOTO_ENDINGS.get(self, f".{self}")

    @property
    def video_ending(self) -> str:
        """What is put behind the key of a video."""
        return ".mask.mp4" if self is Output.MASK else f".{self}"


PHOTO_OUTPUTS = (
    Output.PNG,
    Output.WEBP,
    Output.WEBP_LOSSLESS,
    Output.JPG,
    Output.AVIF,
    Output.MASK,
    Output.LAYERS,
)
ANIMATED_OUTPUTS = (Output.PNG, Output.WEBP, Output.WEBP_LOSSLESS, Output.AVIF, Output.MASK)
PHOTO_ENDINGS = {Output.WEBP_LOSSLESS: ".lossless.webp", Output.MASK: ".mask.png", Output.LAYERS: ".layers.zip"}
VIDEO_OUTPUTS = (Output.MP4, Output.WEBM, Output.MOV, Output.MASK)


class Edges(StrEnum):
    """How the matte of a photo finds its edges. What moves has `fast`."""

    FAST = "fast"
    """As the net draws them."""
    FINE = "fine"
    """By the photo's colours too, where these tell something."""


class Frames(StrEnum):
    """Which of an animation's frames. A still picture is its own first frame, and all of them."""

    FIRST = "first"
    ALL = "all"


class MatteFrom(StrEnum):
    """Where the matte of a photo in a bucket comes from."""

    NET = "net"
    STORED = "stored"
    """The `mask` that was made of the same upload by the same net, and the net where there is none."""


@dataclass(frozen=True)
class Transparent:
    def __str__(self) -> str:
        return "transparent"


TRANSPARENT = Transparent()


@dataclass(frozen=True)
class Colour:
    """sRGB, 0 to 255 each."""

    red: int
    green: int
    blue: int

    def __post_init__(self) -> None:
        if not all(0 <= channel <= 255 for channel in (self.red, self.green, self.blue)):
            raise InvalidOption(f"A colour's channels go from 0 to 255, not {self.red}, {self.green}, {self.blue}.")

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


@dataclass(frozen=True)
class Blur:
    """The picture's own background, blurred. `radius_pixels` is the standard deviation of the Gaussian."""

    radius_pixels: int

    def __str__(self) -> str:
        return f"blur:{self.radius_pixels}"


@dataclass(frozen=True)
class PictureAt:
    """Another picture: an object in the same input bucket, or a file where there is no bucket."""

    key: str

    def __str__(self) -> str:
        return f"key:{self.key}"


Background = Transparent | Colour | Blur | PictureAt


@dataclass(frozen=True)
class WholePicture:
    def __str__(self) -> str:
        return "none"


WHOLE_PICTURE = WholePicture()


@dataclass(frozen=True)
class Subject:
    """The subject's bounding box, with a margin in per cent of the box's longer side."""

    margin_percent: float

    def __str__(self) -> str:
        return f"subject:{self.margin_percent:g}%"


Crop = WholePicture | Subject


@dataclass(frozen=True)
class NoShadow:
    def __str__(self) -> str:
        return "none"


NO_SHADOW = NoShadow()


@dataclass(frozen=True)
class SoftShadow:
    """A blurred shadow below the subject, in per cent of full black where it is darkest."""

    strength_percent: float

    def __str__(self) -> str:
        return f"soft:{self.strength_percent:g}%"


Shadow = NoShadow | SoftShadow


def shown(text: str) -> str:
    """`text` as a message repeats it: quoted, and cut short where it is long."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")


Choice = TypeVar("Choice", bound=StrEnum)


def choice(option: str, kind: type[Choice]) -> Callable[[str], Choice]:
    def read(text: str) -> Choice:
        try:
            return kind(text.strip().lower())
        except ValueError as error:
            raise InvalidOption(f"{option} is one of {', '.join(kind)}, not {shown(text)}.") from error

    return read


def read_outputs(text: str) -> tuple[Output, ...]:
    read = choice("outputs", Output)
    outputs = tuple(dict.fromkeys(read(part) for part in text.split(",") if part.strip()))
    if not outputs:
        raise InvalidOption(f"outputs lists one or more of {', '.join(Output)}, not {shown(text)}.")
    return outputs


def read_background(text: str) -> Background:
    kind, _, argument = text.strip().partition(":")
    if kind == "transparent":
        return Transparent()
    if kind == "blur":
        return Blur(read_radius(argument))
    if kind == "key" and argument:
        return PictureAt(argument)
    try:
        channels: tuple[int, ...] = ImageColor.getrgb(text.strip())
    except ValueError:
        channels = ()
    if len(channels) != len(fields(Colour)):
        raise InvalidOption(
            f"background is transparent, an opaque CSS colour, blur:RADIUS or key:OBJECT, not {shown(text)}."
        )
    return Colour(*channels)


def read_radius(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= MAX_BLUR_RADIUS_PIXELS):
        raise InvalidOption(f"background blur:RADIUS takes 1 to {MAX_BLUR_RADIUS_PIXELS} pixels, not {shown(text)}.")
    return int(text)


def read_crop(text: str) -> Crop:
    kind, colon, margin = text.strip().partition(":")
    if kind == "none" and not margin:
        return WholePicture()
    percent = read_percent(margin) if colon else 0
    if kind == "subject" and percent is not None:
        return Subject(percent)
    raise InvalidOption(f"crop is none or subject:MARGIN% with a margin of 0 to 100, not {shown(text)}.")


def read_shadow(text: str) -> Shadow:
    kind, colon, strength = text.strip().partition(":")
    if kind == "none" and not strength:
        return NoShadow()
    percent = read_percent(strength) if colon else DEFAULT_SHADOW_PERCENT
    if kind == "soft" and percent is not None:
        return SoftShadow(percent)
    raise InvalidOption(f"shadow is none or soft:STRENGTH% with a strength of 0 to 100, not {shown(text)}.")


def read_percent(text: str) -> float | None:
    """A number from 0 to 100, with or without a percent sign; None where `text` is something else."""
    number = text.removesuffix("%")
    is_number = re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", number)
    return float(number) if is_number and float(number) <= 100 else None
