"""If these fail, the kernels are no convolution, whatever the net makes of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from cutout.arrays import Floats
from cutout.errors import MissingEngine
from cutout.saliency.winograd.filters import arranged_filter
from cutout.saliency.winograd.kernels import Kernels, Operation, compile_kernels, operations
from cutout.saliency.winograd.plan import Kind, tiles_size

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    compile_kernels(path)
    return Kernels(path)


def floats(*shape: int) -> Floats:
    return RANDOM.standard_normal(shape).astype(np.float32)


def in_torch(picture: Floats) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(
    ("kind", "height", "width", "channels", "dilation"),
    [
        (Kind.WIDE, 40, 40, (64, 32), 1),
        (Kind.WIDE, 41, 30, (8, 16), 1),
        (Kind.WIDE, 3, 5, (16, 16), 1),
        (Kind.DEEP, 20, 20, (64, 16), 1),
        (Kind.DEEP, 13, 7, (8, 16), 2),
        (Kind.DEEP, 10, 10, (32, 48), 8),
        (Kind.DEEP, 21, 21, (272, 32), 4),
    ],
)
def test_convolutions(
    kernels: Kernels, kind: Kind, height: int, width: int, channels: tuple[int, int], dilation: int, threads: int
) -> None:
    """Sizes that no tile divides, a part of a wider picture as the target, and something to add."""
    channels_in, channels_out = channels
    source, add, bias = floats(height, width, channels_in), floats(height, width, channels_out), floats(channels_out)
    weight = floats(channels_out, channels_in, 3, 3) / np.float32(np.sqrt(9 * channels_in))
    filters, target = arranged_filter(kind, weight), np.full((height, width, channels_out + 8), 7, np.float32)
    size = tiles_size(max(height, width), channels_in, dilation)
    tiles = np.full(size + 64, np.nan, np.float32)
    sizes = (height, width, channels_in, channels_out, dilation, height, width)

    def operation(kind: Kind, source: Floats, target: Floats, stride: int) -> Operation:
        pointers = (array.ctypes.data for array in (source, add, filters, bias, target))
        return Operation(kind, *sizes, *pointers, channels_in, channels_out, stride)

    scatter = [operation(Kind.SCATTER, source, tiles, 0)] if kind is Kind.DEEP else []
    given = tiles if kind is Kind.DEEP else source
    kernels.run(operations([*scatter, operation(kind, given, target[..., 8:], channels_out + 8)]), threads)
    expected = (
        functional.conv2d(
            in_torch(source), torch.from_numpy(weight), torch.from_numpy(bias), padding=dilation, dilation=dilation
        )
        .relu()[0]
        .permute(1, 2, 0)
        .numpy()
        + add
    )
    np.testing.assert_allclose(target[..., 8:], expected, atol=2e-4)
    assert (target[..., :8] == 7).all()
    assert np.isnan(tiles[size:]).all()


def test_upsampling_and_pooling(kernels: Kernels) -> None:
    small, large, pooled = floats(5, 7, 16), np.empty((10, 14, 16), np.float32), np.empty((5, 7, 16), np.float32)
    up = Operation(
        Kind.UPSAMPLE, 10, 14, 16, 16, 1, 5, 7, small.ctypes.data, None, None, None, large.ctypes.data, 16, 0, 16
    )
    down = Operation(
        Kind.POOL, 5, 7, 16, 16, 1, 10, 14, large.ctypes.data, None, None, None, pooled.ctypes.data, 16, 0, 16
    )
    kernels.run(operations([up, down]), 2)
    expected = functional.interpolate(in_torch(small), size=(10, 14), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(in_torch(large), expected, atol=1e-6)
    np.testing.assert_allclose(in_torch(pooled), functional.max_pool2d(expected, 2), atol=1e-6)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kernels.so"
    path.write_bytes(b"no library")
    with pytest.raises(MissingEngine, match="cutout weights compile"):
        Kernels(path)
