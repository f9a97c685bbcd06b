"""U-2-Net on kernels of our own, the fastest engine on CPUs in 32 bits. Compiling takes torch; running it doesn't."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cutout.arrays import Floats, Pixels
from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency.preprocess import normalise_colours
from cutout.saliency.winograd.filters import Place, filters_path, places_of_filters
from cutout.saliency.winograd.kernels import Kernels, Operation, kernels_path, operations
from cutout.saliency.winograd.plan import Picture, Plan, Step, places, plan

if TYPE_CHECKING:
    import ctypes

FLOAT_BYTES = 4


class WinogradEngine:
    """Runs one picture at a time, on all processors that it may use."""

    batch_size = 1

    def __init__(self, model: Model, filters: Path, kernels: Kernels) -> None:
        net = plan(model)
        filter_places, size = places_of_filters(net)
        if filters.stat().st_size != size * FLOAT_BYTES:
            raise InvalidWeights(f"{filters} is damaged. Delete it and run: cutout weights compile")
        self._kernels = kernels
        self._filters = np.memmap(filters, np.float32, mode="r")
        starts, room = places(net)
        self._memory = np.zeros(room, np.float32)
        self._picture, self._result = (self._seen(part, starts) for part in (net.picture, net.result))
        self._operations = self._bound(net, starts, filter_places)
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
        self._kernels.run(self._operations, self._threads)
        probability: Floats = self._result[..., 0].copy()
        return probability

    def _seen(self, picture: Picture, starts: list[int]) -> Floats:
        """A whole buffer as an array."""
        start = starts[picture.buffer]
        size = picture.side * picture.side * picture.channels
        return self._memory[start : start + size].reshape(picture.side, picture.side, picture.channels)

    def _bound(self, net: Plan, starts: list[int], filter_places: list[Place]) -> "ctypes.Array[Operation]":
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

        return operations([operation(step) for step in net.steps])
