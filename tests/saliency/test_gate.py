"""If these fail, a net that 16 bits harm is run in them, or one that stands them is run slowly."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cutout.models import Model
from cutout.saliency import gate, weights
from cutout.saliency.gate import BOUNDS, Harm, harm, is_judged, judge
from cutout.saliency.precision import Bits, report_path, stands


class Difference(nn.Module):
    """A net that finds what is red, as the difference of two numbers that are `large` apart from it."""

    def __init__(self, large: float) -> None:
        super().__init__()
        self.plus, self.minus = nn.Conv2d(3, 1, 1), nn.Conv2d(3, 1, 1)
        nn.init.constant_(self.plus.bias, large)
        nn.init.constant_(self.minus.bias, large)
        self.plus.weight.data = torch.tensor([1.0, 0, 0]).reshape(1, 3, 1, 1)
        self.minus.weight.data = torch.tensor([0, 1.0, 0]).reshape(1, 3, 1, 1)
        self.requires_grad_(requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(8 * (self.plus(x) - self.minus(x)) - 6)


def test_a_net_that_16_bits_harm_fails() -> None:
    """Where numbers are large, what 16 bits keep of them is coarser than what tells the subject."""
    for dtype in gate.DTYPES.values():
        assert gate.measure(Difference(0), dtype).is_within(BOUNDS)
        assert not gate.measure(Difference(10000), dtype).is_within(BOUNDS)


def test_a_net_that_overflows_fails() -> None:
    """Half precision ends at 65504, and infinities are taken from one another."""
    assert gate.measure(Difference(1e5), torch.float16).worst > 0.5


def test_the_net_is_left_in_32_bits() -> None:
    net, (pictures, _) = Difference(1.001), gate.scenes()
    before = gate.infer(net, pictures[:1])
    gate.measure(net, torch.bfloat16)
    np.testing.assert_array_equal(gate.infer(net, pictures[:1]), before)


@pytest.mark.parametrize("dtype", gate.DTYPES.values())
def test_rounding_is_what_torch_gives_in_so_many_bits(dtype: torch.dtype) -> None:
    """Both add up in 32 bits; the order may differ, and with it the last bit of a result."""
    torch.manual_seed(0)
    layer, x = nn.Conv2d(64, 32, 3, padding=1).requires_grad_(requires_grad=False), torch.randn(1, 64, 40, 40)
    imitated = gate.rounding(layer, dtype)(x)
    real = layer.to(dtype)(x.to(dtype)).float()
    step = imitated.abs() * torch.finfo(dtype).eps + 1e-5
    assert bool(((imitated - real).abs() <= step).all())
    assert float((imitated != real).float().mean()) < 0.02


def test_harm_is_what_the_truth_says_and_luck_with_one_picture_is_no_excuse_for_another() -> None:
    truth, whole, rounded = (np.zeros((2, 4, 4), np.float32) for _ in range(3))
    whole[0], rounded[1, 0] = 0.5, 0.4
    assert harm(truth, whole, rounded) == Harm(mean=pytest.approx(0.05), worst=pytest.approx(0.1))
    assert harm(truth, whole, whole) == Harm(0, 0)


def test_scenes_hold_subjects_whose_mattes_are_known() -> None:
    pictures, truth = gate.scenes()
    assert pictures.shape == (24, 320, 320, 3)
    assert pictures.dtype == np.uint8
    assert truth.shape == (24, 320, 320)
    assert (truth.max(axis=(1, 2)) > 0.9).all()
    assert (truth.mean(axis=(1, 2)) > 0.01).all()
    assert (truth.mean(axis=(1, 2)) < 0.6).all()


def test_a_net_is_measured_once_and_again_when_its_weights_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "u2netp.pth"
    source.write_bytes(b"some")
    monkeypatch.setattr(weights, "load", lambda _model, path: Difference(len(path.read_bytes()) - 4))
    assert not is_judged(Bits.HALF, Model.U2NETP, tmp_path)
    assert judge(Bits.HALF, Model.U2NETP, tmp_path)
    assert stands(Bits.HALF, Model.U2NETP, tmp_path)
    assert is_judged(Bits.HALF, Model.U2NETP, tmp_path)
    assert not is_judged(Bits.BFLOAT16, Model.U2NETP, tmp_path)
    source.write_bytes(b"others" * 2000)
    assert not is_judged(Bits.HALF, Model.U2NETP, tmp_path)
    assert not judge(Bits.HALF, Model.U2NETP, tmp_path)
    assert not stands(Bits.HALF, Model.U2NETP, tmp_path)


def test_the_report_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "u2netp.pth").touch()
    monkeypatch.setattr(weights, "load", lambda *_: Difference(10000))
    judge(Bits.HALF, Model.U2NETP, tmp_path)
    report = json.loads(report_path(Bits.HALF, Model.U2NETP, tmp_path).read_text())
    assert set(report) == {"weights_sha256", "bounds", "harm", "stands"}
    assert report["harm"]["worst"] > report["bounds"]["worst"]
