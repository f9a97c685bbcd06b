"""What an input may be at most. Checked from headers, before anything of that size is allocated."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """`megabytes`: size of the file, 10^6 bytes. `megapixels`: width x height of the picture, 10^6 pixels.

    Of an animation, `megapixels` are of all frames together, and `frames` their number.
    """

    megabytes: float = 100.0
    megapixels: float = 50.0
    frames: int = 100

    def __post_init__(self) -> None:
        check(self)

    @property
    def bytes(self) -> int:
        return round(self.megabytes * 1e6)

    @property
    def pixels(self) -> int:
        return round(self.megapixels * 1e6)


@dataclass(frozen=True)
class VideoLimits:
    """`megabytes`: size of the file, 10^6 bytes. `megapixels`: of one frame, 10^6 pixels. `minutes`: its duration."""

    megabytes: float = 10_000.0
    megapixels: float = 10.0
    minutes: float = 60.0

    def __post_init__(self) -> None:
        check(self)

    @property
    def bytes(self) -> int:
        return round(self.megabytes * 1e6)

    @property
    def pixels(self) -> int:
        return round(self.megapixels * 1e6)

    @property
    def seconds(self) -> float:
        return self.minutes * 60


def check(limits: Limits | VideoLimits) -> None:
    for unit, value in asdict(limits).items():
        if not 0 < value < float("inf"):
            raise ValueError(f"limits are finite and above zero, not {value} {unit}")
