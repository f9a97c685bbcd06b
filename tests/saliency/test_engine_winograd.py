"""If these fail, a function of little memory runs out of it while the net is at work."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from cutout.models import Model
from cutout.saliency.engine_winograd import WinogradEngine
from cutout.saliency.preprocess import INPUT_SIDE
from cutout.saliency.winograd.filters import filters_path
from cutout.saliency.winograd.kernels import is_supported

pytestmark = pytest.mark.skipif(not is_supported(), reason="skipped: the kernels don't run on this machine")


def resident_megabytes(file: Path) -> float:
    """What of `file` this process has in memory."""
    mappings = re.split(r"\n(?=[0-9a-f]+-)", Path("/proc/self/smaps").read_text())
    kilobytes = (re.search(r"\nRss: +(\d+)", one) for one in mappings if f"{file.resolve()}\n" in one)
    return sum(int(found[1]) for found in kilobytes if found) / 1e3


def test_most_filters_are_out_of_memory_at_any_time(weights_directory: Path) -> None:
    engine, file = WinogradEngine.load(Model.U2NET, weights_directory), filters_path(Model.U2NET, weights_directory)
    picture = np.zeros((1, INPUT_SIDE, INPUT_SIDE, 3), np.uint8)
    work = threading.Thread(target=engine.infer, args=[picture])
    work.start()
    most = 0.0
    while work.is_alive():
        most = max(most, resident_megabytes(file))
        work.join(0.005)
    assert 10 < most < 100
    assert resident_megabytes(file) < 1
