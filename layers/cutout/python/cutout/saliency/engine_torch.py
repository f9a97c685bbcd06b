"""The reference engine: U-2-Net in torch, on the GPU in half precision where there is one, else on the CPU in f32."""

from pathlib import Path

import torch
from torch import nn

from cutout.arrays import Floats
from cutout.models import Model
from cutout.saliency import weights as saved
from cutout.saliency.u2net import U2Net


class TorchEngine:
    """Runs `net` on `device`. What a GPU does differently (half precision) is not tested without one."""

    def __init__(self, net: U2Net, device: torch.device) -> None:
        self._device = device
        self._dtype = torch.float16 if device.type == "cuda" else torch.float32
        self._net = net.to(device, self._dtype)
        nn.utils.convert_conv2d_weight_memory_format(self._net, torch.channels_last)

    @classmethod
    def load(cls, model: Model, weights: Path) -> "TorchEngine":
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return cls(saved.load(model, weights), device)

    @torch.inference_mode()
    def infer(self, batch: Floats) -> Floats:
        """See `detector.Engine`."""
        x = torch.from_numpy(batch).to(self._device, self._dtype, memory_format=torch.channels_last)
        probabilities: Floats = self._net(x)[:, 0].float().cpu().numpy()
        return probabilities
