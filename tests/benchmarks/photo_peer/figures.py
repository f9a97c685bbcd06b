"""What `make bench` measures. All figures are medians over the rounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Warm:
    """A photo's bytes in, a PNG's bytes out, in a process that has done one before. `stages`: seconds by name."""

    tool: str
    megapixels: int
    seconds: float
    stages: Mapping[str, float]


@dataclass(frozen=True)
class Whole:
    """A process that does one photo, from its start to its end, and the most memory that it had."""

    tool: str
    megapixels: int
    seconds: float
    processor_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Folder:
    """A process that does a folder of photos."""

    tool: str
    photos: int
    megapixels: int
    seconds: float

    @property
    def photos_a_second(self) -> float:
        return self.photos / self.seconds


@dataclass(frozen=True)
class Net:
    """The net alone on one picture, and its arithmetic against what the same processors reach in a matrix product.

    Operations are counted as those of plain convolution; an algorithm that needs fewer may exceed 1.
    """

    tool: str
    seconds: float
    share_of_gemm: float


@dataclass(frozen=True)
class Scaling:
    """A warm photo on as many processors."""

    tool: str
    megapixels: int
    seconds_by_processors: Mapping[int, float]


@dataclass
class Figures:
    """`agreement`: mean difference of the two tools' alpha, 0 to 1, by photo. `start`: seconds by part.

    `imports`: milliseconds by package, of the handler's.
    """

    model: str
    machine: str
    rounds: int
    agreement: dict[str, float] = field(default_factory=dict)
    warm: list[Warm] = field(default_factory=list)
    whole: list[Whole] = field(default_factory=list)
    folder: list[Folder] = field(default_factory=list)
    net: list[Net] = field(default_factory=list)
    scaling: list[Scaling] = field(default_factory=list)
    start: dict[str, float] = field(default_factory=dict)
    imports: dict[str, float] = field(default_factory=dict)
