"""What a photo costs on Lambda, by the memory that the function is given.

Lambda gives processors in proportion to memory, and its price is that of memory and time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DOLLARS_A_GB_SECOND = 0.0000166667
DOLLARS_A_REQUEST = 0.20 / 1e6
"""Both of https://aws.amazon.com/lambda/pricing: x86, us-east-1, without the free tier, read in November 2026."""

MEGABYTES_A_PROCESSOR = 1769
"""As the Lambda developer guide has it, "Configure Lambda function memory"."""

SETTINGS_MEGABYTES = (1769, 2048, 3008, 3538, 4096, 6144, 8192, 10240)


@dataclass(frozen=True)
class Setting:
    """`megabytes` of memory, and what a warm photo takes and 1,000 of them cost then.

    `is_measured`: on as many processors, and not by Amdahl's law.
    """

    megabytes: int
    seconds: float
    dollars_for_1000: float
    is_measured: bool

    @property
    def processors(self) -> float:
        return self.megabytes / MEGABYTES_A_PROCESSOR


def settings(seconds_by_processors: Mapping[int, float]) -> Sequence[Setting]:
    """All settings, given what a photo took on 1 and on 2 processors, and perhaps on more.

    What isn't measured follows Amdahl's law through 1 and 2: a part that more processors don't shorten, and a part that
    they do in proportion. Source: Amdahl, AFIPS 1967.
    """
    one, two = seconds_by_processors[1], seconds_by_processors[2]
    parallel = min(max(2 * (one - two), 0), one)
    made = []
    for megabytes in SETTINGS_MEGABYTES:
        processors = megabytes / MEGABYTES_A_PROCESSOR
        measured = seconds_by_processors.get(round(processors)) if processors == round(processors) else None
        seconds = one - parallel + parallel / processors if measured is None else measured
        dollars = 1000 * (seconds * megabytes / 1024 * DOLLARS_A_GB_SECOND + DOLLARS_A_REQUEST)
        made.append(Setting(megabytes, seconds, dollars, measured is not None))
    return made


def cheapest(among: Sequence[Setting]) -> Setting:
    return min(among, key=lambda setting: setting.dollars_for_1000)
