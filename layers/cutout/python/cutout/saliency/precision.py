"""In how many bits a net multiplies. Half the bits are several times as fast, and not every net stands them.

Whether one does is measured by `saliency.gate`, where torch is installed. What was found lies beside the weights, and
is read here when an engine is loaded.
"""

import json
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model


class Precision(StrEnum):
    FULL = "full"
    """32 bits: the authors' own results, to 0.0003 on average."""

    FASTEST = "fastest"
    """The fewest bits that do the net no harm and that the processor multiplies in by itself."""


class Bits(StrEnum):
    """What 16 bits can be, as OpenVINO calls it."""

    BFLOAT16 = "bf16"
    HALF = "f16"


def multiplies_bfloat16(processor_flags: Collection[str]) -> bool:
    """Whether the processor does it by itself. `processor_flags` are as Linux calls them."""
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(processor_flags)


def has_bfloat16_tiles(processor_flags: Collection[str]) -> bool:
    """Whether it multiplies whole tiles of them (AMX).

    Only then do they pay: with vectors of them, OpenVINO is hardly faster than winograd in 32 bits.
    """
    return "amx_bf16" in processor_flags


def runs_in(bits: Bits, precision: Precision, model: Model, directory: Path, *, offered: bool) -> bool:
    """Whether `model` runs in `bits`. `offered`: what runs it has them, and is faster in them.

    Raises:
        MissingWeights: it depends on what the net stands, and nobody has measured that.
        InvalidWeights: what was measured is damaged.
    """
    return offered and precision is Precision.FASTEST and stands(bits, model, directory)


def stands(bits: Bits, model: Model, directory: Path) -> bool:
    """Whether `model`, of the weights in `directory`, finds its subjects as well in `bits`.

    Raises:
        MissingWeights: nobody has measured it.
        InvalidWeights: what was measured is damaged.
    """
    path = report_path(bits, model, directory)
    try:
        return bool(json.loads(path.read_text())["stands"])
    except FileNotFoundError as error:
        raise MissingWeights(
            f"Nobody has measured whether {model} in {directory} stands {bits}. Run: cutout weights compile"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidWeights(f"{path} is damaged. Run: cutout weights compile") from error


def report_path(bits: Bits, model: Model, directory: Path) -> Path:
    return directory / f"{model}.{bits}.json"
