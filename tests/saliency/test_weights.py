"""If these fail, the net runs with other weights than the authors', or a strange file crashes it."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from cutout.errors import InvalidWeights
from cutout.models import Model
from cutout.saliency import fetch, u2net, weights

CONVOLUTIONS_WITH_BATCH_NORM = 112


@pytest.mark.parametrize("model", Model)
def test_our_net_gives_what_the_onnx_graph_gives(model: Model, weights_directory: Path) -> None:
    path = fetch.locate(model, weights_directory)
    x = np.random.default_rng(0).standard_normal((1, 3, 320, 320)).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: x})[0]
    with torch.inference_mode():
        ours = weights.load(model, path)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


class WithBatchNorm(nn.Sequential):
    """The authors' REBNCONV, before it is folded."""

    def __init__(self, folded: nn.Conv2d) -> None:
        channels = folded.out_channels
        norm = nn.BatchNorm2d(channels)
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
        norm.running_mean = torch.randn(channels)
        norm.running_var = torch.rand(channels) + 0.5
        bare = nn.Conv2d(
            folded.in_channels,
            channels,
            kernel_size=3,
            padding=folded.padding,
            dilation=folded.dilation,  # type: ignore[arg-type]
        )
        super().__init__(bare, norm)


def checkpoint_of(net: nn.Module) -> dict[str, Tensor]:
    """The state dict of `net`, whose first convolutions have become WithBatchNorm, with the authors' names."""
    state: dict[str, Tensor] = {}
    for number, module in enumerate(module for module in net.modules() if isinstance(module, WithBatchNorm)):
        for ours, theirs in ((module[0], "conv_s1"), (module[1], "bn_s1")):
            state |= {f"stage.{number}.{theirs}.{name}": value for name, value in ours.state_dict().items()}
    for name, module in [*((f"side{n}", side) for n, side in enumerate(net.sides, 1)), ("outconv", net.fuse)]:
        state |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    return state


def test_the_authors_checkpoint_is_folded_into_the_same_net(tmp_path: Path) -> None:
    torch.manual_seed(0)
    unfolded = u2net.build(Model.U2NETP).eval()
    blocks = [module for module in unfolded.modules() if isinstance(module, u2net.ConvReLU)]
    assert len(blocks) == CONVOLUTIONS_WITH_BATCH_NORM
    for block in blocks:
        block[0] = WithBatchNorm(block[0])
    unfolded.eval()
    path = tmp_path / "u2netp.pth"
    torch.save(checkpoint_of(unfolded), path)
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(weights.load(Model.U2NETP, path)(x), unfolded(x), atol=1e-5, rtol=0)


def test_one_nets_file_is_refused_for_the_other(weights_directory: Path) -> None:
    with pytest.raises(InvalidWeights, match="another model"):
        weights.load(Model.U2NET, fetch.locate(Model.U2NETP, weights_directory))


@pytest.mark.parametrize("name", ["u2net.onnx", "u2net.pth"])
@pytest.mark.parametrize("content", [b"", b"these are no weights" * 100])
def test_what_is_no_weights_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidWeights):
        weights.load(Model.U2NET, path)


class Exploit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("a checkpoint ran code",)


def test_a_checkpoint_cannot_run_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "u2net.pth"
    torch.save({"conv.weight": Exploit()}, path)
    with pytest.raises(InvalidWeights):
        weights.load(Model.U2NET, path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("state", [[1, 2], {"conv.weight": torch.zeros(1, 1, 3, 3)}, {"a.weight": "text"}])
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, state: object) -> None:
    path = tmp_path / "u2net.pth"
    torch.save(state, path)
    with pytest.raises(InvalidWeights):
        weights.load(Model.U2NET, path)
