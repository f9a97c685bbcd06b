"""If these fail, the net is not the authors' net."""

import pytest
import torch
from torch import nn

from cutout.models import Model
from cutout.saliency import u2net


@pytest.mark.parametrize(("model", "millions"), [(Model.U2NET, 44.0), (Model.U2NETP, 1.1)])
def test_the_nets_have_the_papers_size(model: Model, millions: float) -> None:
    parameters = sum(parameter.numel() for parameter in u2net.build(model).parameters())
    assert parameters / 1e6 == pytest.approx(millions, abs=0.1)


def test_there_are_119_convolutions() -> None:
    assert sum(isinstance(module, nn.Conv2d) for module in u2net.build(Model.U2NETP).modules()) == 119


@pytest.mark.parametrize("side", [320, 288, 97])
def test_a_probability_comes_back_for_each_pixel_of_each_image(side: int) -> None:
    with torch.inference_mode():
        probabilities = u2net.build(Model.U2NETP)(torch.randn(2, 3, side, side))
    assert probabilities.shape == (2, 1, side, side)
    assert 0 <= float(probabilities.min()) <= float(probabilities.max()) <= 1


def test_an_image_is_answered_the_same_in_a_batch_and_alone() -> None:
    net = u2net.build(Model.U2NETP).eval()
    batch = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(net(batch)[1:], net(batch[1:]), atol=1e-5, rtol=0)
