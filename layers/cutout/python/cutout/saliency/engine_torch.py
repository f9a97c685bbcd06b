"""The reference engine: U-2-Net in torch, on the GPU where there is one, else on the CPU."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency import weights as saved
from cutout.saliency.cuda_graph import Work, recorded, unrecorded
from cutout.saliency.precision import Bits, Precision, runs_in
from cutout.saliency.preprocess import IMAGENET_DEVIATION, IMAGENET_MEAN, INPUT_SIDE

MOST_PICTURES = 32
"""At once, on a GPU. By then the net's work hides what it costs to start it."""

PICTURES_ON_CPU = 1
SHARE_OF_FREE_MEMORY = 0.8

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """The net's work on a number of pictures, between two tensors that stay where they are."""

    inputs: Tensor
    probabilities: Tensor
    replay: Work


class TorchEngine:
    """Runs `net`, U-2-Net or whatever takes and gives the same, on `device`.

    Pictures are normalised there, and the net runs channels last in `dtype`, by what `record` makes of its work. Only a
    GPU can show how fast half precision is, how many pictures fit, that work can be recorded, and that a copy from
    pinned memory doesn't hold up the caller. None of that has been measured.
    """

    def __init__(
        self,
        net: nn.Module,
        device: torch.device,
        batch_size: int = PICTURES_ON_CPU,
        dtype: torch.dtype = torch.float32,
        record: Callable[[Work], Work] = unrecorded,
    ) -> None:
        self._device = device
        self._dtype = dtype
        self._net = net.to(device, dtype)
        nn.utils.convert_conv2d_weight_memory_format(self._net, torch.channels_last)
        self._batch_size = batch_size
        self._record = record
        self._recordings: dict[int, Recording] = {}

    @classmethod
    def load(cls, model: Model, weights: Path, precision: Precision = Precision.FULL) -> "TorchEngine":
        """`model` on the GPU, with as many pictures at once as fit, in half precision if `precision` and the net allow
        it; else on the CPU in f32.

        Raises:
            MissingWeights: nobody has measured whether the net stands half precision.
            InvalidWeights: the file can't be read, or holds another net, or what was measured is damaged.
        """
        net = saved.load(model, weights)
        if not torch.cuda.is_available():
            return cls(net, torch.device("cpu"))
        # Else f32 would be TensorFloat-32, whose fractions are as short as those of half precision.
        torch.backends.cudnn.allow_tf32 = False
        halves = runs_in(Bits.HALF, precision, model, weights.parent, offered=True)
        dtype = torch.float16 if halves else torch.float32
        engine = cls(net, torch.device("cuda"), dtype=dtype, record=recorded)
        engine._batch_size = engine._pictures_that_fit()
        return engine

    @property
    def on_gpu(self) -> bool:
        return self._device.type == "cuda"

    @property
    def batch_size(self) -> int:
        """See `detector.Engine`. Halved whenever the GPU's memory turns out too small for it."""
        return self._batch_size

    @torch.inference_mode()
    def infer(self, batch: Pixels | Floats) -> Floats:
        """See `detector.Engine`.

        Raises:
            torch.OutOfMemoryError: the GPU's memory is too small for a single picture.
        """
        maps: list[Floats] = []
        begin = 0
        while begin < len(batch):
            try:
                maps.append(self._infer_at_once(batch[begin : begin + self._batch_size]))
            except torch.OutOfMemoryError:
                if self._batch_size == 1:
                    raise
                self._batch_size //= 2
                self._forget()
                logger.warning("The GPU's memory is short: from now on %d pictures at once.", self._batch_size)
            else:
                begin += len(maps[-1])
        return np.concatenate(maps)

    def _infer_at_once(self, batch: Pixels | Floats) -> Floats:
        """Host memory is pinned, so that the GPU copies from and to it by itself."""
        pictures = torch.empty(batch.shape, dtype=torch_dtype(batch), pin_memory=self.on_gpu)
        pictures.numpy()[:] = batch
        normalised = normalise_colours(pictures.to(self._device, non_blocking=True), self._dtype)
        recording = self._recording(1 if len(batch) == 1 else self._batch_size)
        recording.inputs[: len(batch)] = normalised
        recording.replay()
        probabilities = torch.empty(batch.shape[:3], pin_memory=self.on_gpu)
        probabilities.copy_(recording.probabilities[: len(batch)])
        result: Floats = probabilities.numpy()
        return result

    def _recording(self, size: int) -> Recording:
        """What runs the net on `size` pictures, made once: for a photo, and for a batch, full or not."""
        if size not in self._recordings:
            inputs = torch.zeros((size, 3, INPUT_SIDE, INPUT_SIDE), dtype=self._dtype, device=self._device)
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            probabilities = torch.empty((size, INPUT_SIDE, INPUT_SIDE), device=self._device)

            def work() -> None:
                probabilities.copy_(self._net(inputs)[:, 0])

            self._recordings[size] = Recording(inputs, probabilities, self._record(work))
        return self._recordings[size]

    def _forget(self) -> None:
        """Give back the memory that recordings hold."""
        self._recordings.clear()
        if self.on_gpu:
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def _pictures_that_fit(self) -> int:
        """By what one takes beside the net, unrecorded."""
        before = torch.cuda.memory_allocated(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        black = torch.zeros((1, 3, INPUT_SIDE, INPUT_SIDE), dtype=self._dtype, device=self._device)
        self._net(black.contiguous(memory_format=torch.channels_last))
        picture_bytes = torch.cuda.max_memory_allocated(self._device) - before
        torch.cuda.empty_cache()
        free_bytes, _ = torch.cuda.mem_get_info(self._device)
        return pictures_within(free_bytes, picture_bytes)


def torch_dtype(batch: Pixels | Floats) -> torch.dtype:
    return torch.uint8 if batch.dtype == np.uint8 else torch.float32


def normalise_colours(pictures: Tensor, dtype: torch.dtype) -> Tensor:
    """As `preprocess.normalise_colours`, on the device of `pictures`, N x H x W x 3.

    Returns N x 3 x H x W of `dtype`, channels last. It is computed in f32: half precision ends at 65504, below 16 bits.
    """
    channels_first = pictures.permute(0, 3, 1, 2).float()
    brightest = channels_first.amax((1, 2, 3), keepdim=True)
    relative = channels_first / brightest.where(brightest > 0, 1)
    normalised: Tensor = functional.normalize(relative, IMAGENET_MEAN.tolist(), IMAGENET_DEVIATION.tolist())
    return normalised.to(dtype)


def pictures_within(free_bytes: int, picture_bytes: int) -> int:
    """How many pictures at once `free_bytes` allow, if one takes `picture_bytes`: 1 to `MOST_PICTURES`."""
    return min(MOST_PICTURES, max(1, int(free_bytes * SHARE_OF_FREE_MEMORY) // picture_bytes))
