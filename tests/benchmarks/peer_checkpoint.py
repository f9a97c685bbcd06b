"""Run by the peer's own Python: the weights that cutout uses, as the checkpoint that the peer loads.

    python peer_checkpoint.py CONVOLUTIONS.npz CHECKPOINT.pth

Batch norm is folded into the convolutions already, so that the peer's batch norms are set to do nothing.
"""

import sys

import numpy as np
import torch
from backgroundremover.u2net.u2net import U2NET
from torch import nn


def main(source: str, target: str) -> None:
    saved = np.load(source)
    net = U2NET(3, 1)
    convolutions = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    if 2 * len(convolutions) != len(saved.files):
        raise SystemExit(f"the peer has {len(convolutions)} convolutions, and {source} holds {len(saved.files) // 2}")
    for number, convolution in enumerate(convolutions):
        convolution.weight.data = torch.from_numpy(saved[f"weight{number}"])
        convolution.bias.data = torch.from_numpy(saved[f"bias{number}"])
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.weight.data = torch.sqrt(norm.running_var + norm.eps)
    torch.save(net.state_dict(), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
