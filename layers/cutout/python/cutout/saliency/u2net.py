"""U-2-Net, after "U^2-Net: Going Deeper with Nested U-Structure for Salient Object Detection", arXiv:2005.09007.

A large U whose every stage is a small U: the ReSidual U-block (RSU) of figure 2(e). Figure 5 shows the whole, and
`saliency.blocks` has the widths. Batch norm is folded into the convolutions, so a stage is convolutions and ReLU only.

Convolutions are defined in the order in which they run; `saliency.weights` relies on it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cutout.models import Model
from cutout.saliency.blocks import STAGES, Block


class ConvReLU(nn.Sequential):
    """3x3 convolution, batch norm folded in, and ReLU: the paper's CONV + BN + ReLU."""

    def __init__(self, channels_in: int, channels_out: int, dilation: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=dilation, dilation=dilation), nn.ReLU()
        )


def downsample(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, kernel_size=2, stride=2, ceil_mode=True)


def upsample_to(x: Tensor, target: Tensor) -> Tensor:
    return functional.interpolate(x, size=target.shape[2:], mode="bilinear", align_corners=False)


class ResidualUBlock(nn.Module):
    """RSU-L(C_in, M, C_out) of section 3.1: H(x) = U(F1(x)) + F1(x).

    `height` is L, the number of encoder layers. Each but the first halves the resolution, down to a dilated layer at
    the bottom.
    """

    def __init__(self, height: int, channels_in: int, channels_mid: int, channels_out: int) -> None:
        super().__init__()
        self.channels_out = channels_out
        self.input_layer = ConvReLU(channels_in, channels_out)
        self.encoder = nn.ModuleList(
            [ConvReLU(channels_out, channels_mid)] + [ConvReLU(channels_mid, channels_mid) for _ in range(height - 2)]
        )
        self.bottom = ConvReLU(channels_mid, channels_mid, dilation=2)
        self.decoder = nn.ModuleList(
            [ConvReLU(2 * channels_mid, channels_mid) for _ in range(height - 2)]
            + [ConvReLU(2 * channels_mid, channels_out)]
        )

    def forward(self, block_input: Tensor) -> Tensor:
        features: Tensor = self.input_layer(block_input)
        skips = [self.encoder[0](features)]
        for layer in self.encoder[1:]:
            skips.append(layer(downsample(skips[-1])))
        x: Tensor = self.bottom(skips[-1])
        for layer, skip in zip(self.decoder, reversed(skips), strict=True):
            x = layer(torch.cat([upsample_to(x, skip), skip], dim=1))
        return x + features


class DilatedResidualUBlock(nn.Module):
    """RSU-4F(C_in, M, C_out) of section 3.2: dilation in place of pooling, all at one resolution."""

    def __init__(self, channels_in: int, channels_mid: int, channels_out: int) -> None:
        super().__init__()
        self.channels_out = channels_out
        self.input_layer = ConvReLU(channels_in, channels_out)
        self.encoder = nn.ModuleList(
            [
                ConvReLU(channels_out, channels_mid),
                ConvReLU(channels_mid, channels_mid, dilation=2),
                ConvReLU(channels_mid, channels_mid, dilation=4),
            ]
        )
        self.bottom = ConvReLU(channels_mid, channels_mid, dilation=8)
        self.decoder = nn.ModuleList(
            [
                ConvReLU(2 * channels_mid, channels_mid, dilation=4),
                ConvReLU(2 * channels_mid, channels_mid, dilation=2),
                ConvReLU(2 * channels_mid, channels_out),
            ]
        )

    def forward(self, block_input: Tensor) -> Tensor:
        features: Tensor = self.input_layer(block_input)
        skips = [self.encoder[0](features)]
        for layer in self.encoder[1:]:
            skips.append(layer(skips[-1]))
        x: Tensor = self.bottom(skips[-1])
        for layer, skip in zip(self.decoder, reversed(skips), strict=True):
            x = layer(torch.cat([x, skip], dim=1))
        return x + features


UBlock = ResidualUBlock | DilatedResidualUBlock


class U2Net(nn.Module):
    """The whole of figure 5, from its encoder blocks En_1 to En_6 and its decoder blocks De_5 to De_1.

    Takes N x 3 x 320 x 320, normalised as in `saliency.preprocess`; returns the fused saliency probability S_fuse, the
    authors' d0, N x 1 x 320 x 320 in [0, 1]. The side outputs, which only training needs, are not returned.
    """

    def __init__(self, encoder: Sequence[UBlock], decoder: Sequence[UBlock]) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        side_channels = [block.channels_out for block in (*reversed(decoder), encoder[-1])]
        self.sides = nn.ModuleList(nn.Conv2d(channels, 1, kernel_size=3, padding=1) for channels in side_channels)
        self.fuse = nn.Conv2d(len(side_channels), 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        stages = [self.encoder[0](x)]
        for block in self.encoder[1:]:
            stages.append(block(downsample(stages[-1])))
        outputs = [stages.pop()]
        for block in self.decoder:
            skip = stages.pop()
            outputs.append(block(torch.cat([upsample_to(outputs[-1], skip), skip], dim=1)))
        logits = [side(output) for side, output in zip(self.sides, reversed(outputs), strict=True)]
        return torch.sigmoid(self.fuse(torch.cat([upsample_to(logit, logits[0]) for logit in logits], dim=1)))


def build(model: Model) -> U2Net:
    """`model` with weights that mean nothing yet."""
    stages = STAGES[model]
    return U2Net([block_of(block) for block in stages.encoder], [block_of(block) for block in stages.decoder])


def block_of(block: Block) -> UBlock:
    if block.dilated:
        return DilatedResidualUBlock(block.channels_in, block.channels_mid, block.channels_out)
    return ResidualUBlock(block.height, block.channels_in, block.channels_mid, block.channels_out)
