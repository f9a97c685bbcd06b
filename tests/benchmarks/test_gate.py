"""Whether the gate tells nets that 16 bits harm from others: by its own scenes, and by pictures that it hasn't seen.

16 bits are imitated as in `saliency.gate`. The figures are printed. If these fail, the gate lets harmed nets pass, or
holds up sound ones.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from cutout.models import Model
from cutout.saliency import gate, weights
from cutout.saliency.detector import Detector
from cutout.saliency.fetch import locate
from cutout.saliency.gate import BOUNDS, harm
from cutout.saliency.precision import Bits
from tests.benchmarks.measures import mae
from tests.benchmarks.net_scenes import composed, filmed

FRAMES_EVERY = 10
SEED = 1
"""Other scenes than the gate's."""

STAND = {(Model.U2NET, Bits.BFLOAT16), (Model.U2NET, Bits.HALF), (Model.U2NETP, Bits.HALF)}
"""In bfloat16, on a processor with AMX, u2net found the subjects of 163 photos and frames of DAVIS as well as in 32
bits, and u2netp didn't: its weighted F-measure fell by .004 to .013, and a photo's matte was .15 away."""

pytestmark = pytest.mark.benchmark


@pytest.mark.parametrize("model", Model)
def test_the_gate(
    detectors: Callable[[Model], Detector],
    weights_directory: Path,
    reference_data: Path,
    report: Callable[[str], None],
    model: Model,
) -> None:
    net = weights.load(model, locate(model, weights_directory))
    sources = {
        "gate": gate.scenes(),
        "other scenes": composed(detectors(Model.U2NET), SEED),
        "blackswan": filmed(reference_data, FRAMES_EVERY),
    }
    whole = {source: gate.infer(net, pictures) for source, (pictures, _) in sources.items()}
    passed: dict[tuple[Bits, str], bool] = {}
    for bits, dtype in gate.DTYPES.items():
        rounded = gate.rounding(net, dtype)
        for source, (pictures, truth) in sources.items():
            maps = gate.infer(rounded, pictures)
            found = harm(truth, whole[source], maps)
            report(
                f"{model}, {bits}, {source}: mean absolute error {mae(truth, whole[source]):.4f} in 32 bits, "
                f"{mae(truth, maps):.4f} in 16; harm {found.mean:.5f}, of the worst picture {found.worst:.4f}"
            )
            passed[bits, source] = found.is_within(BOUNDS)
    assert passed == {(bits, source): (model, bits) in STAND for bits, source in passed}
