"""A photo as the rest of cutout sees it: arrays, and the few facts that travel with them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.unsignedinteger]
"""An array of 8 or 16 bit samples."""

_LARGEST_DPI = 65535


@dataclass(frozen=True, eq=False)
class Picture:
    """One upright photo.

    `pixels`: HxWx3 RGB, uint8 or uint16, straight (never multiplied by alpha). May be read-only.
    `alpha`: HxW of the same dtype, or None where everything is opaque.
    `icc_profile`: the RGB profile that `pixels` are in; None means sRGB.
    `dpi`: dots per inch, horizontal and vertical, each from 1 to 65535.
    `copyright`: the notice that the file carries. Nothing else of its EXIF is kept.
    `source_format`: what the file was: "JPEG", "PNG", ...

    Raises ValueError where shapes or dtypes don't fit together, or a resolution is out of range.
    """

    pixels: Samples
    alpha: Samples | None
    icc_profile: bytes | None
    dpi: tuple[float, float] | None
    copyright: str | None
    source_format: str

    def __post_init__(self) -> None:
        check_samples(self.pixels)
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"pixels are HxWx3, not {self.pixels.shape}")
        if self.dpi is not None and not is_resolution(self.dpi):
            raise ValueError(f"dpi are two numbers from 1 to {_LARGEST_DPI}, not {self.dpi}")
        if self.alpha is None:
            return
        check_samples(self.alpha)
        if self.alpha.shape != self.pixels.shape[:2]:
            raise ValueError(f"alpha is {self.pixels.shape[:2]} like the pixels, not {self.alpha.shape}")
        if self.alpha.dtype != self.pixels.dtype:
            raise ValueError(f"alpha is {self.pixels.dtype} like the pixels, not {self.alpha.dtype}")

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def depth(self) -> int:
        """Bits per sample: 8 or 16."""
        return self.pixels.itemsize * 8


def is_resolution(dpi: tuple[float, ...]) -> bool:
    """Whether `dpi` is a horizontal and a vertical resolution that every format can hold."""
    return len(dpi) == 2 and all(1 <= value <= _LARGEST_DPI for value in dpi)


def check_samples(samples: Samples) -> None:
    """Raise ValueError unless `samples` are uint8 or uint16 in native byte order, with at least one pixel."""
    if samples.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise ValueError(f"samples are uint8 or uint16, not {samples.dtype}")
    if samples.size == 0:
        raise ValueError(f"a picture has at least one pixel, not the shape {samples.shape}")
