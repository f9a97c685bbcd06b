"""What an input may be at most. Checked from headers, before anything of that size is allocated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`megabytes`: size of the file, 10^6 bytes. `megapixels`: width x height of the picture, 10^6 pixels."""

    megabytes: float = 100.0
    megapixels: float = 50.0

    def __post_init__(self) -> None:
        if not (0 < self.megabytes < float("inf") and 0 < self.megapixels < float("inf")):
            raise ValueError(
                f"limits are finite and above zero, not {self.megabytes} megabytes and {self.megapixels} megapixels"
            )

    @property
    def bytes(self) -> int:
        return round(self.megabytes * 1e6)

    @property
    def pixels(self) -> int:
        return round(self.megapixels * 1e6)
