"""What can be asked for each upload, and how it is written: in S3 metadata, template defaults, the command line."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cutout.choices import (
    ANIMATED_OUTPUTS,
    NO_SHADOW,
    PHOTO_OUTPUTS,
    TRANSPARENT,
    VIDEO_OUTPUTS,
    WHOLE_PICTURE,
    Background,
    Crop,
    Edges,
    Frames,
    MatteFrom,
    Output,
    Shadow,
    choice,
    read_background,
    read_crop,
    read_outputs,
    read_shadow,
    shown,
)
from cutout.errors import InvalidOption
from cutout.models import Model

METADATA_PREFIX = "cutout-"


@dataclass(frozen=True)
class Options:
    """Every choice that there is for one upload. Written and read as text by the field's name.

    `frames` and `edges` say nothing of a video, which keeps all frames and has fast edges.
    """

    model: Model = Model.U2NET
    outputs: tuple[Output, ...] = (Output.PNG,)
    background: Background = TRANSPARENT
    crop: Crop = WHOLE_PICTURE
    shadow: Shadow = NO_SHADOW
    edges: Edges = Edges.FINE
    frames: Frames = Frames.FIRST
    matte: MatteFrom = MatteFrom.NET

    def updated(self, values: Mapping[str, str]) -> "Options":
        """These options with `values`, text by name, over them.

        Raises:
            InvalidOption: a name or a value is not known.
        """
        for name in values:
            if name not in READERS:
                raise InvalidOption(f"There is no option {shown(name)}. The options are {', '.join(READERS)}.")
        return replace(self, **{name: READERS[name](value) for name, value in values.items()})

    def check_for_photo(self) -> None:
        """Raises InvalidOption where a photo can't be made into what is asked for."""
        check_outputs("photo", self.outputs, PHOTO_OUTPUTS)
        if self.frames is Frames.ALL:
            check_outputs("photo with all frames", self.outputs, ANIMATED_OUTPUTS)
            if self.matte is MatteFrom.STORED:
                raise InvalidOption("matte of all frames is net, not stored: only single pictures are rendered again.")

    def check_for_video(self) -> None:
        """Raises InvalidOption where a video can't be made into what is asked for."""
        check_outputs("video", self.outputs, VIDEO_OUTPUTS)
        if self.crop != WHOLE_PICTURE:
            raise InvalidOption(f"crop of a video is none, not {self.crop}: its subject moves.")
        if self.shadow != NO_SHADOW:
            raise InvalidOption(f"shadow of a video is none, not {self.shadow}: only photos get one.")
        if self.matte != MatteFrom.NET:
            raise InvalidOption(f"matte of a video is net, not {self.matte}: only photos are rendered again.")

    def as_text(self) -> dict[str, str]:
        """Every option as text by name, so that `Options().updated(options.as_text()) == options`."""
        return {name: write(getattr(self, name)) for name in READERS}


def from_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The options among an object's user metadata, text by name; other metadata is somebody else's."""
    lowered = {name.lower(): value for name, value in metadata.items()}
    return {
        name.removeprefix(METADATA_PREFIX): value for name, value in lowered.items() if name.startswith(METADATA_PREFIX)
    }


def check_outputs(medium: str, outputs: Iterable[Output], possible: Collection[Output]) -> None:
    for output in outputs:
        if output not in possible:
            raise InvalidOption(f"outputs of a {medium} lists one or more of {', '.join(possible)}, not {output}.")


def write(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


READERS: Mapping[str, Callable[[str], Any]] = {
    "model": choice("model", Model),
    "outputs": read_outputs,
    "background": read_background,
    "crop": read_crop,
    "shadow": read_shadow,
    "edges": choice("edges", Edges),
    "frames": choice("frames", Frames),
    "matte": choice("matte", MatteFrom),
}
