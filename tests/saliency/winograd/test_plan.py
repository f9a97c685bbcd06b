"""If these fail, the kernels run another net than torch does, or one step writes over what another still reads."""

import pytest
import torch
from torch import nn

from cutout.models import Model
from cutout.saliency import u2net
from cutout.saliency.winograd.plan import Kind, Picture, lifetimes, places, plan


def convolutions(model: Model) -> list[tuple[int, int, int, int]]:
    """Side, channels out, dilation and kernel size of each, as torch runs them."""
    net, found = u2net.build(model), []
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda layer, _, made: found.append((layer, made.shape[2])))
    with torch.inference_mode():
        net(torch.zeros(1, 3, 320, 320))
    order = {layer: number for number, (layer, _) in enumerate(found)}
    assert sorted(order.values()) == list(range(119))
    return [(side, layer.out_channels, layer.dilation[0], layer.kernel_size[0]) for layer, side in found]


@pytest.mark.parametrize("model", Model)
def test_convolutions_run_in_the_order_of_torch(model: Model) -> None:
    steps = [step for step in plan(model).steps if step.convolution is not None]
    assert [step.convolution for step in steps] == list(range(119))
    planned = [
        (step.target.side, step.target.channels, step.dilation, 1 if step.kind is Kind.FUSE else 3) for step in steps
    ]
    assert planned == convolutions(model)


@pytest.mark.parametrize("model", Model)
def test_what_lives_at_the_same_time_has_room_of_its_own(model: Model) -> None:
    net = plan(model)
    (first, last), (starts, room) = lifetimes(net), places(net)
    for one, size in enumerate(net.sizes):
        assert starts[one] + size <= room
        for other in range(one):
            apart = starts[one] + size <= starts[other] or starts[other] + net.sizes[other] <= starts[one]
            assert apart or last[one] < first[other] or last[other] < first[one]


@pytest.mark.parametrize("model", Model)
def test_every_step_stays_within_its_buffers(model: Model) -> None:
    net = plan(model)

    def end(picture: Picture) -> int:
        return picture.start + (picture.side**2 - 1) * picture.stride + picture.channels

    for step in net.steps:
        for picture in (step.source, step.target):
            if step.kind is not Kind.FUSE:
                assert end(picture) <= net.sizes[picture.buffer]
