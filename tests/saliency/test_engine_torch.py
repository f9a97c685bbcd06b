"""If these fail, videos are matted wrongly on a GPU, or not at all when its memory runs short.

Most of it is shown on the CPU, which takes the same way in f32. What only a GPU can show is skipped without one, and
fails without one where one was promised: CUTOUT_EXPECT_GPU=true.
"""

from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency import preprocess, weights
from cutout.saliency.cuda_graph import Work
from cutout.saliency.detector import Detector
from cutout.saliency.engine_torch import MOST_PICTURES, TorchEngine, normalise_colours, pictures_within
from cutout.saliency.engines import EngineName
from cutout.saliency.fetch import locate
from cutout.saliency.precision import Precision

CPU = torch.device("cpu")
LARGEST_HALF = 65504
GIGABYTE = 10**9


class SmallMemory(nn.Module):
    """A net whose GPU holds `fitting` pictures at once. It finds its subject where the first channel is bright."""

    def __init__(self, fitting: int) -> None:
        super().__init__()
        self.fitting = fitting
        self.tried: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.tried.append(len(x))
        if len(x) > self.fitting:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return (x[:, :1] > 0).float()


@pytest.fixture
def pictures() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (11, 320, 320, 3), np.uint8)


def bright(pictures: Pixels) -> Floats:
    return (pictures[..., 0] > 0.485 * 255).astype(np.float32)


def test_memory_that_runs_short_costs_time_and_no_picture(pictures: Pixels) -> None:
    net = SmallMemory(fitting=3)
    engine = TorchEngine(net, CPU, batch_size=8)
    np.testing.assert_array_equal(engine.infer(pictures), bright(pictures))
    assert net.tried == [8, 4, 2, 2, 2, 2, 2, 1]
    assert engine.batch_size == 2


class Recorder:
    """Records as a GPU does: the work is done once before, and then over again between the same tensors."""

    def __init__(self) -> None:
        self.recorded = 0
        self.replayed = 0
        self.held: WeakSet[Work] = WeakSet()
        """Recordings that someone keeps."""

    def __call__(self, work: Work) -> Work:
        work()
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            work()

        self.held.add(replay)
        return replay


class StaysPut(SmallMemory):
    """Notes where each number of pictures comes from: a recording reads nowhere else."""

    def __init__(self, fitting: int) -> None:
        super().__init__(fitting)
        self.read_from: dict[int, set[int]] = {}

    def forward(self, x: Tensor) -> Tensor:
        self.read_from.setdefault(len(x), set()).add(x.data_ptr())
        assert x.is_contiguous(memory_format=torch.channels_last)
        return super().forward(x)


def test_the_net_is_recorded_once_for_a_batch_and_once_for_a_photo(pictures: Pixels) -> None:
    net, recorder = StaysPut(fitting=8), Recorder()
    engine = TorchEngine(net, CPU, batch_size=8, record=recorder)
    for _ in range(2):
        np.testing.assert_array_equal(engine.infer(pictures), bright(pictures))
        np.testing.assert_array_equal(engine.infer(pictures[:1]), bright(pictures[:1]))
    assert set(net.tried) == {8, 1}
    assert all(len(places) == 1 for places in net.read_from.values())
    assert (recorder.recorded, recorder.replayed) == (2, 6)


def test_recordings_are_given_up_when_memory_runs_short(pictures: Pixels) -> None:
    """They hold what all their layers gave, and those of the smaller batch are to find room."""
    net, recorder = StaysPut(fitting=8), Recorder()
    engine = TorchEngine(net, CPU, batch_size=8, record=recorder)
    engine.infer(pictures)
    net.fitting = 2  # as when another program takes the memory
    np.testing.assert_array_equal(engine.infer(pictures), bright(pictures))
    assert engine.batch_size == 2
    assert (recorder.recorded, len(recorder.held)) == (3, 2)


def test_results_outlive_the_next_batch(pictures: Pixels) -> None:
    """Recordings write into the same place each time."""
    engine = TorchEngine(SmallMemory(fitting=8), CPU, batch_size=1)
    first = engine.infer(pictures[:1])
    kept = first.copy()
    engine.infer(255 - pictures[:1])
    np.testing.assert_array_equal(first, kept)


def test_memory_too_small_for_one_picture_is_an_error(pictures: Pixels) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        TorchEngine(SmallMemory(fitting=0), CPU, batch_size=4).infer(pictures)


def test_pictures_may_be_lent_or_mirrored(pictures: Pixels) -> None:
    """As video decoders lend them: not to be written to, in any order of memory."""
    lent = pictures[:2, :, ::-1]
    lent.flags.writeable = False
    np.testing.assert_array_equal(TorchEngine(SmallMemory(2), CPU).infer(lent), bright(lent))


@pytest.mark.parametrize("scale", [1 / 255, 1, 257])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_are_normalised_as_they_are_for_the_other_engine(
    pictures: Pixels, scale: float, dtype: type[np.generic]
) -> None:
    batch = np.stack([pictures[0], pictures[1] // 4, np.zeros_like(pictures[2])])
    if dtype is np.float32:
        batch = batch.astype(np.float32) * np.float32(scale)
    ours = normalise_colours(torch.tensor(batch), torch.float32)
    np.testing.assert_allclose(ours.numpy(), preprocess.normalise_colours(batch), atol=1e-5)
    assert ours.is_contiguous(memory_format=torch.channels_last)


def test_several_at_once_give_what_the_other_engine_gives_one_by_one(
    detectors: Callable[[Model], Detector], weights_directory: Path, cat: Pixels
) -> None:
    net = weights.load(Model.U2NETP, locate(Model.U2NETP, weights_directory))
    photos = [cat, cat[:, ::-1], cat[:200, :300]]
    together = Detector(TorchEngine(net, CPU, batch_size=2)).detect(photos)
    np.testing.assert_allclose(together, detectors(Model.U2NETP).detect(photos), atol=1e-3)


@pytest.mark.parametrize("model", Model)
def test_no_layer_gives_more_than_half_precision_holds(weights_directory: Path, cat: Pixels, model: Model) -> None:
    """Beyond it are infinities, and a frame without a matte."""
    net = weights.load(model, locate(model, weights_directory))
    largest: list[float] = []
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _module, _given, given: largest.append(float(given.abs().max())))
    TorchEngine(net, CPU).infer(np.stack([preprocess.resize_bilinear(cat, 320)]))
    assert len(largest) > 100
    assert max(largest) < LARGEST_HALF / 16


@pytest.mark.parametrize(
    ("free_bytes", "picture_bytes", "expected"),
    [
        (15 * GIGABYTE, GIGABYTE // 5, MOST_PICTURES),
        (10 * GIGABYTE, GIGABYTE, 8),
        (GIGABYTE, GIGABYTE, 1),
        (0, GIGABYTE, 1),
    ],
)
def test_as_many_pictures_at_once_as_leave_some_memory(free_bytes: int, picture_bytes: int, expected: int) -> None:
    assert pictures_within(free_bytes, picture_bytes) == expected


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("model", Model)
def test_the_gpu_gives_the_same_mattes(
    detectors: Callable[..., Detector], weights_directory: Path, cat: Pixels, model: Model
) -> None:
    engine = TorchEngine.load(model, locate(model, weights_directory), Precision.FASTEST)
    assert engine.on_gpu
    photos = [cat, cat[:, ::-1], cat[:200, :300]]
    apart = np.abs(Detector(engine).detect(photos) - detectors(model, EngineName.OPENVINO).detect(photos))
    assert apart.mean() < 0.002


@pytest.mark.usefixtures("gpu")
def test_a_gpu_whose_memory_others_take_is_given_fewer_pictures(weights_directory: Path, pictures: Pixels) -> None:
    engine = TorchEngine.load(Model.U2NET, locate(Model.U2NET, weights_directory))
    at_first, whole = engine.batch_size, engine.infer(pictures)
    torch.cuda.empty_cache()
    _, total_bytes = torch.cuda.mem_get_info()
    left_bytes = torch.cuda.memory_allocated() + GIGABYTE // 2
    torch.cuda.set_per_process_memory_fraction(left_bytes / total_bytes)
    try:
        many = engine.infer(np.concatenate([pictures] * 4))
    finally:
        torch.cuda.set_per_process_memory_fraction(1)
    assert engine.batch_size < at_first
    np.testing.assert_allclose(many[-len(pictures) :], whole, atol=0.05)
