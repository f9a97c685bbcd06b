"""U-2-Net on kernels of our own, the fastest engine on CPUs in 32 bits. Compiling takes torch; running it doesn't."""

import mmap
import os
from collections.abc import Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cutout.arrays import Floats, Pixels
from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency.preprocess import normalise_colours
from cutout.saliency.winograd.filters import Place, filter_size, filters_path, places_of_filters
from cutout.saliency.winograd.kernels import Kernels, Operation, kernels_path, operations
from cutout.saliency.winograd.plan import Picture, Plan, Step, places, plan

if TYPE_CHECKING:
    import ctypes

FLOAT_BYTES = 4
LINE_BYTES = 64
FILTERS_AT_ONCE = 16 << 20
"""In floats, what of a net's filters is in memory at a time: of u2net's 51 million, a third."""


class WinogradEngine:
    """Runs one picture at a time, on all processors that it may use."""

    batch_size = 1
    on_gpu = False

    def __init__(self, model: Model, filters: Path, kernels: Kernels) -> None:
        net = plan(model)
        filter_places, size = places_of_filters(net)
        if filters.stat().st_size != size * FLOAT_BYTES:
            raise InvalidWeights(f"{filters} is damaged, or another version's. Run: cutout weights compile")
        self._kernels = kernels
        with filters.open("rb") as file:
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._filters = np.frombuffer(self._mapped, np.float32)
        starts, room = places(net)
        self._memory = aligned_zeros(room)
        self._picture, self._result = (self._seen(part, starts) for part in (net.picture, net.result))
        self._parts = in_parts(net.steps, self._bound(net, starts, filter_places))
        self._threads = len(os.sched_getaffinity(0))

    @classmethod
    def load(cls, model: Model, directory: Path) -> "WinogradEngine":
        """Raises MissingWeights, InvalidWeights and MissingEngine."""
        filters, kernels = filters_path(model, directory), kernels_path(directory)
        for file in (filters, kernels):
            if not file.is_file():
                raise MissingWeights(
                    f"There is no {file.name} in {directory}. Run: cutout weights fetch, then: cutout weights compile"
                )
        return cls(model, filters, Kernels(kernels))

    def infer(self, batch: Pixels | Floats) -> Floats:
        """See `detector.Engine`."""
        return np.stack([self._infer_one(picture) for picture in batch])

    def _infer_one(self, picture: Pixels | Floats) -> Floats:
        self._picture[..., :3] = normalise_colours(picture[None])[0].transpose(1, 2, 0)
        self._picture[..., 3:] = 0  # its memory is others' later on
        for part in self._parts:
            self._kernels.run(part, self._threads)
            self._mapped.madvise(mmap.MADV_DONTNEED)  # what is touched again comes from the file again
        probability: Floats = self._result[..., 0].copy()
        return probability

    def _seen(self, picture: Picture, starts: list[int]) -> Floats:
        """A whole buffer as an array."""
        start = starts[picture.buffer]
        size = picture.side * picture.side * picture.channels
        return self._memory[start : start + size].reshape(picture.side, picture.side, picture.channels)

    def _bound(self, net: Plan, starts: list[int], filter_places: list[Place]) -> list[Operation]:
        def address(picture: Picture | None) -> int | None:
            if picture is None:
                return None
            return self._memory.ctypes.data + (starts[picture.buffer] + picture.start) * FLOAT_BYTES

        def operation(step: Step) -> Operation:
            place = None if step.convolution is None else filter_places[step.convolution]
            filters = self._filters.ctypes.data
            return Operation(
                step.kind,
                step.target.side,
                step.target.side,
                step.source.channels,
                step.target.channels,
                step.dilation,
                step.source.side,
                step.source.side,
                address(step.source),
                address(step.add),
                filters + place.filters * FLOAT_BYTES if place else None,
                filters + place.bias * FLOAT_BYTES if place else None,
                address(step.target),
                step.source.stride,
                step.add.stride if step.add else 0,
                step.target.stride,
            )

        return [operation(step) for step in net.steps]


def aligned_zeros(floats: int) -> Floats:
    """Float32 zeros from the beginning of a cache line on, so that no vector lies across two."""
    memory = np.zeros(floats + LINE_BYTES // FLOAT_BYTES, np.float32)
    start = -memory.ctypes.data % LINE_BYTES // FLOAT_BYTES
    return memory[start : start + floats]


def in_parts(steps: Sequence[Step], bound: Sequence[Operation]) -> list["ctypes.Array[Operation]"]:
    """The operations that `steps` were `bound` to, in parts whose filters fit into memory together."""
    sizes = (0 if step.convolution is None else filter_size(step) for step in steps)
    numbers = (end // FILTERS_AT_ONCE for end in accumulate(sizes))
    parts = groupby(zip(numbers, bound, strict=True), key=itemgetter(0))
    return [operations([operation for _, operation in part]) for _, part in parts]
