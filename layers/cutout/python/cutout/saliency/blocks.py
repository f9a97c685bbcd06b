"""The stages of U-2-Net: table 1 of arXiv:2005.09007, row by row, whatever runs them."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutout.models import Model


@dataclass(frozen=True)
class Block:
    """RSU-L(C_in, M, C_out) of section 3.1. `height` is L.

    `dilated`: RSU-4F of section 3.2, with dilation in place of pooling.
    """

    height: int
    channels_in: int
    channels_mid: int
    channels_out: int
    dilated: bool = False


@dataclass(frozen=True)
class Stages:
    """En_1 to En_6, and De_5 to De_1."""

    encoder: tuple[Block, ...]
    decoder: tuple[Block, ...]


STAGES: Mapping[Model, Stages] = {
    Model.U2NET: Stages(
        encoder=(
            Block(7, 3, 32, 64),
            Block(6, 64, 32, 128),
            Block(5, 128, 64, 256),
            Block(4, 256, 128, 512),
            Block(4, 512, 256, 512, dilated=True),
            Block(4, 512, 256, 512, dilated=True),
        ),
        decoder=(
            Block(4, 1024, 256, 512, dilated=True),
            Block(4, 1024, 128, 256),
            Block(5, 512, 64, 128),
            Block(6, 256, 32, 64),
            Block(7, 128, 16, 64),
        ),
    ),
    Model.U2NETP: Stages(
        encoder=(
            Block(7, 3, 16, 64),
            Block(6, 64, 16, 64),
            Block(5, 64, 16, 64),
            Block(4, 64, 16, 64),
            Block(4, 64, 16, 64, dilated=True),
            Block(4, 64, 16, 64, dilated=True),
        ),
        decoder=(
            Block(4, 128, 16, 64, dilated=True),
            Block(4, 128, 16, 64),
            Block(5, 128, 16, 64),
            Block(6, 128, 16, 64),
            Block(7, 128, 16, 64),
        ),
    ),
}
"""The full net has 44.0 million parameters, the small one 1.1."""
