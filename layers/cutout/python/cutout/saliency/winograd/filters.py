"""The filters of a net as the kernels read them, one after another in one file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutout.arrays import Floats
from cutout.models import Model
from cutout.saliency.winograd.plan import LANES, POINTS, Kind, Plan, Step

CHANNELS = 16
"""Of the output, that the kernels make at once."""

ALIGNMENT = 16
"""Floats. Each filter and bias begins at a multiple."""

G = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
"""The transform of the filters of F(4, 3): Lavin and Gray, arXiv:1509.09308, section 4.3."""


class Convolution(NamedTuple):
    """One convolution, batch norm folded in. `weight` is O x I x K x K, `bias` is O; both float32."""

    weight: Floats
    bias: Floats


class Place(NamedTuple):
    """Where a convolution's filters and its bias begin, in floats."""

    filters: int
    bias: int


def filters_path(model: Model, directory: Path) -> Path:
    """The arranged filters of `model`, beside its weights in `directory`."""
    return directory / f"{model}.winograd"


def places_of_filters(plan: Plan) -> tuple[list[Place], int]:
    """Of each convolution, by its number, and how many floats there are in all."""
    found, end = [], 0
    for step in plan.steps:
        if step.convolution is not None:
            bias = end + aligned(filter_size(step))
            found.append(Place(end, bias))
            end = bias + aligned(bias_size(step))
    return found, end


def filter_size(step: Step) -> int:
    """In floats."""
    per_pair = {Kind.WIDE: POINTS, Kind.DEEP: 9, Kind.SIDE: 9, Kind.FUSE: 1}[step.kind]
    return per_pair * step.source.channels * step.target.channels


def bias_size(step: Step) -> int:
    return step.target.channels


def aligned(floats: int) -> int:
    return -(-floats // ALIGNMENT) * ALIGNMENT


def arranged(plan: Plan, convolutions: Sequence[Convolution]) -> Floats:
    """All filters as the kernels read them."""
    places, size = places_of_filters(plan)
    content = np.zeros(size, np.float32)
    starts = (start for place in places for start in place)
    for start, part in zip(starts, parts(plan, convolutions), strict=True):
        content[start : start + part.size] = part.ravel()
    return content


def parts(plan: Plan, convolutions: Sequence[Convolution]) -> Iterator[Floats]:
    """Filters and bias of each convolution, in turn."""
    for step in plan.steps:
        if step.convolution is not None:
            weight, bias = convolutions[step.convolution]
            yield arranged_filter(step.kind, padded(weight, step.source.channels))
            yield bias


def padded(weight: Floats, channels_in: int) -> Floats:
    """With zeros for channels that there are to fill the vectors."""
    missing = channels_in - weight.shape[1]
    if not 0 <= missing < LANES:
        raise ValueError(f"a convolution of {weight.shape[1]} channels doesn't fit where {channels_in} are due")
    return np.pad(weight, ((0, 0), (0, missing), (0, 0), (0, 0)))


def arranged_filter(kind: Kind, weight: Floats) -> Floats:
    channels_out, channels_in = weight.shape[:2]
    match kind:
        case Kind.WIDE:
            points = transformed(weight).reshape(POINTS, channels_out // CHANNELS, CHANNELS, channels_in)
            return np.ascontiguousarray(points.transpose(0, 1, 3, 2))
        case Kind.DEEP:
            taps = weight.reshape(channels_out // CHANNELS, CHANNELS, channels_in, 9)
            return np.ascontiguousarray(taps.transpose(0, 2, 3, 1))
        case _:
            return np.ascontiguousarray(weight[0].reshape(channels_in, -1).T)


def transformed(weight: Floats) -> NDArray[np.float32]:
    """G g G^T of each 3 x 3 filter g: O x I x 3 x 3 to 36 x O x I, computed in 64 bits.

    As one product: the rows of G (x) G weigh the nine taps of a filter for each of its 36 points.
    """
    channels_out, channels_in = weight.shape[:2]
    points = np.kron(G, G) @ weight.reshape(-1, 9).T.astype(np.float64)
    return points.reshape(POINTS, channels_out, channels_in).astype(np.float32)
