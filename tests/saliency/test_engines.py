"""If these fail, a net runs on something else than what was asked for, or nobody is told what is missing."""

import logging
from pathlib import Path

import pytest

from cutout.errors import MissingEngine, MissingWeights
from cutout.models import Model
from cutout.saliency import engines
from cutout.saliency.engines import EngineName, chosen, usable
from cutout.saliency.winograd.kernels import is_supported

ALL = list(EngineName)[1:]
ON_CPU = [EngineName.OPENVINO, EngineName.WINOGRAD]


@pytest.mark.parametrize("installed", [[], [EngineName.OPENVINO], ALL])
def test_a_gpu_is_used_by_torch_or_not_at_all(installed: list[EngineName]) -> None:
    """A GPU that stands idle costs as much as one that works."""
    assert chosen(gpu=True, halves=False, usable=installed) is EngineName.TORCH


@pytest.mark.parametrize("installed", [ON_CPU, ALL])
@pytest.mark.parametrize(("halves", "fastest"), [(True, EngineName.OPENVINO), (False, EngineName.WINOGRAD)])
def test_a_cpu_gets_the_engine_that_is_fastest_on_it(
    installed: list[EngineName], halves: bool, fastest: EngineName, caplog: pytest.LogCaptureFixture
) -> None:
    assert chosen(gpu=False, halves=halves, usable=installed) is fastest
    assert not caplog.records


@pytest.mark.parametrize("installed", [[], [EngineName.OPENVINO], [EngineName.TORCH, EngineName.OPENVINO]])
@pytest.mark.parametrize("halves", [True, False])
def test_a_processor_without_kernels_gets_openvino(installed: list[EngineName], halves: bool) -> None:
    assert chosen(gpu=False, halves=halves, usable=installed) is EngineName.OPENVINO


def test_the_slower_engine_is_taken_where_it_is_the_only_one_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert chosen(gpu=False, halves=False, usable=[EngineName.TORCH]) is EngineName.TORCH
    assert "torch on the CPU" in caplog.text


def test_kernels_count_where_they_are_compiled(tmp_path: Path, weights_directory: Path) -> None:
    assert EngineName.WINOGRAD not in usable(tmp_path)
    assert EngineName.WINOGRAD in usable(weights_directory)


def test_a_package_that_is_missing_is_named() -> None:
    assert engines.missing(["json", "no_such_package"]) == ["no_such_package"]


def test_what_is_installed_here_is_enough_for_every_engine() -> None:
    for name in engines.PACKAGES:
        engines.require(name)
    assert set(engines.compilable()) == {EngineName.OPENVINO, EngineName.WINOGRAD}


@pytest.mark.parametrize(("compiler", "engine"), [("ziglang", EngineName.WINOGRAD), ("openvino", EngineName.OPENVINO)])
def test_nets_are_compiled_for_the_engines_that_are_installed(
    monkeypatch: pytest.MonkeyPatch, compiler: str, engine: EngineName
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: name in ("torch", "onnx", compiler) or None)
    assert engines.compilable() == [engine]


@pytest.mark.parametrize(
    ("installed", "said"), [(["ziglang", "onnx"], "needs torch"), (["torch", "onnx"], "needs ziglang or openvino")]
)
def test_what_compiling_lacks_is_named(monkeypatch: pytest.MonkeyPatch, installed: list[str], said: str) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: name in installed or None)
    with pytest.raises(MissingEngine, match=said):
        engines.compilable()


def test_a_machine_without_kernels_compiles_for_openvino_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert engines.compilable() == [EngineName.OPENVINO]
    assert EngineName.WINOGRAD not in engines.usable(Path("/nowhere"))


def test_an_engine_without_its_packages_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.PACKAGES, EngineName.OPENVINO, ("no_such_package",))
    with pytest.raises(MissingEngine, match=r"openvino needs no_such_package: pip install 'cutout\[openvino\]'"):
        engines.require(EngineName.OPENVINO)


@pytest.mark.skipif(not is_supported(), reason="skipped: the kernels don't run on this machine")
def test_nets_of_another_version_are_not_passed_over_for_a_slower_engine(tmp_path: Path) -> None:
    (tmp_path / "u2net.winograd").touch()
    (tmp_path / "u2net.xml").touch()
    with pytest.raises(MissingWeights, match="cutout weights compile"):
        engines.load(EngineName.AUTO, Model.U2NET, tmp_path)
