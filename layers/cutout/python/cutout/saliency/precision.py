"""In how many bits the nets multiply. Half the bits are several times as fast, and not every net stands them."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from cutout.models import Model


class Precision(StrEnum):
    FULL = "full"
    """32 bits: the authors' own results, to 0.0003 on average."""

    FASTEST = "fastest"
    """The fewest bits that do the net no harm and that the processor multiplies in by itself."""


STANDS_BFLOAT16: Mapping[Model, bool] = {
    # 82 horses and 81 frames of DAVIS: mean absolute error .0328 -> .0327 and .0220 -> .0217; a matte moves by .0015.
    Model.U2NET: True,
    # The same pictures: weighted F-measure .004 to .013 lower, and one photo's matte .15 away.
    Model.U2NETP: False,
}
"""Whether the subject is found as well in bfloat16 as in 32 bits, by measurement on a processor with AMX."""

STANDS_HALF: Mapping[Model, bool] = {
    # The maps of three photos move by .0004 on average, and no point of them by more than .04.
    Model.U2NET: True,
    # The same photos: by .0015, and a point by .17. It has a third of the work, and 32 bits are fast enough on a GPU.
    Model.U2NETP: False,
}
"""Whether a GPU may run the net in half precision, by imitation: tests/benchmarks/test_precision.py."""


def multiplies_bfloat16(processor_flags: Collection[str]) -> bool:
    """Whether the processor does it by itself. `processor_flags` are as Linux calls them."""
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(processor_flags)


def multiplied_in(precision: Precision, model: Model, capabilities: Collection[str]) -> str:
    """The precision as OpenVINO calls it. `capabilities` are the processor's, as OpenVINO lists them.

    A processor without bfloat16 of its own would imitate it, which is slower than 32 bits.
    """
    if precision is Precision.FASTEST and STANDS_BFLOAT16[model] and "BF16" in capabilities:
        return "bf16"
    return "f32"
