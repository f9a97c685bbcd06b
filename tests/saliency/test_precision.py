"""If these fail, photos and videos are slower than they need be, or lose parts of their subject to rounding."""

import json
from pathlib import Path

import openvino
import pytest

from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency import engine_openvino
from cutout.saliency.engine_openvino import OpenVinoEngine, has_bfloat16
from cutout.saliency.precision import (
    Bits,
    Precision,
    has_bfloat16_tiles,
    multiplies_bfloat16,
    report_path,
    runs_in,
    stands,
)


@pytest.mark.parametrize(
    ("precision", "verdict", "offered", "expected"),
    [
        (Precision.FASTEST, "true", True, True),
        (Precision.FASTEST, "true", False, False),
        (Precision.FASTEST, "false", True, False),
        (Precision.FULL, "true", True, False),
    ],
)
def test_16_bits_are_for_a_net_that_was_measured_to_stand_them_where_there_are_such(
    tmp_path: Path, precision: Precision, verdict: str, offered: bool, expected: bool
) -> None:
    report_path(Bits.HALF, Model.U2NET, tmp_path).write_text(f'{{"stands": {verdict}}}')
    assert runs_in(Bits.HALF, precision, Model.U2NET, tmp_path, offered=offered) is expected


def test_a_net_that_was_not_measured_is_not_guessed_about(tmp_path: Path) -> None:
    report_path(Bits.BFLOAT16, Model.U2NETP, tmp_path).write_text('{"stands": true}')
    for bits, model in ((Bits.HALF, Model.U2NETP), (Bits.BFLOAT16, Model.U2NET)):
        with pytest.raises(MissingWeights, match="cutout weights compile"):
            stands(bits, model, tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '"stands"'])
def test_a_damaged_report_is_named(tmp_path: Path, text: str) -> None:
    report_path(Bits.HALF, Model.U2NET, tmp_path).write_text(text)
    with pytest.raises(InvalidWeights, match=r"u2net\.f16\.json is damaged"):
        stands(Bits.HALF, Model.U2NET, tmp_path)


@pytest.mark.parametrize(("flags", "expected"), [(["avx2"], False), (["amx_bf16"], True), (["avx512_bf16"], True)])
def test_linux_says_whether_the_processor_multiplies_in_bfloat16(flags: list[str], expected: bool) -> None:
    assert multiplies_bfloat16(flags) is expected
    assert has_bfloat16_tiles(flags) is ("amx_bf16" in flags)


def test_openvino_names_what_it_has_as_we_do() -> None:
    """What is asked for by a name that OpenVINO doesn't use is never found."""
    assert "FP32" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert has_bfloat16(["FP32", str(openvino.properties.device.Capability.BF16)])
    assert not has_bfloat16(["FP32", "INT8"])
    assert [getattr(openvino.Type, bits).get_type_name() for bits in Bits] == list(Bits)


class Asked(OpenVinoEngine):
    """What OpenVINO would be asked for, also by a processor that hasn't got it."""

    def __init__(self, _path: Path, bits: str = "f32") -> None:
        self.bits = bits


@pytest.mark.parametrize("has_bfloat16", [True, False])
@pytest.mark.parametrize("verdict", [True, False])
def test_the_verdict_reaches_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_bfloat16: bool, verdict: bool
) -> None:
    monkeypatch.setattr(engine_openvino, "has_bfloat16", lambda _capabilities: has_bfloat16)
    (tmp_path / "u2netp.xml").touch()
    report_path(Bits.BFLOAT16, Model.U2NETP, tmp_path).write_text(json.dumps({"stands": verdict}))
    expected = "bf16" if has_bfloat16 and verdict else "f32"
    assert Asked.load(Model.U2NETP, tmp_path, Precision.FASTEST).bits == expected
    assert Asked.load(Model.U2NETP, tmp_path, Precision.FULL).bits == "f32"
