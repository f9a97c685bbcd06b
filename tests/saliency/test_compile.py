"""If these fail, the fast engine runs a net of yesterday's weights, or compiles it again at every start."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

from cutout.errors import InvalidWeights, MissingWeights
from cutout.models import Model
from cutout.saliency import fetch, weights
from cutout.saliency.compile import compile_net, is_compiled
from cutout.saliency.engine_openvino import OpenVinoEngine
from cutout.saliency.engine_torch import TorchEngine
from cutout.saliency.engine_winograd import WinogradEngine
from cutout.saliency.engines import EngineName

ENGINES = {EngineName.OPENVINO: OpenVinoEngine, EngineName.WINOGRAD: WinogradEngine}
BLACK = np.zeros((1, 320, 320, 3), np.uint8)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, weights_directory: Path) -> Path:
    """A weights directory with the small net, compiled. Not to be changed."""
    path = tmp_path_factory.mktemp("weights")
    shutil.copy(weights_directory / "u2netp.onnx", path)
    for name, engine in ENGINES.items():
        with pytest.raises(MissingWeights, match="cutout weights compile"):
            engine.load(Model.U2NETP, path)
        compile_net(Model.U2NETP, path, name)
    return path


@pytest.fixture
def directory(compiled: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(compiled, tmp_path, dirs_exist_ok=True))


def test_a_net_is_compiled_once_and_again_for_other_weights(directory: Path) -> None:
    assert all(is_compiled(Model.U2NETP, directory, name) for name in ENGINES)
    first = [engine.load(Model.U2NETP, directory).infer(BLACK) for engine in ENGINES.values()]
    other = weights.load(Model.U2NETP, fetch.locate(Model.U2NETP, directory))
    (directory / "u2netp.onnx").unlink()
    torch.save(checkpoint_with_another_bias(other), directory / "u2netp.pth")
    for (name, engine), before in zip(ENGINES.items(), first, strict=True):
        assert not is_compiled(Model.U2NETP, directory, name)
        compile_net(Model.U2NETP, directory, name)
        assert np.abs(engine.load(Model.U2NETP, directory).infer(BLACK) - before).max() > 0.1
    assert not list(directory.glob(".compiling-*"))


def checkpoint_with_another_bias(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The folded net as a checkpoint that leans towards subject everywhere."""
    state = {name: value.clone() for name, value in net.state_dict().items()}
    state["fuse.bias"] += 9
    return state


@pytest.mark.parametrize(
    ("engine", "name"), [(EngineName.OPENVINO, "u2netp.bin"), (EngineName.WINOGRAD, "u2netp.winograd")]
)
def test_a_net_that_was_damaged_is_named_and_compiled_again(directory: Path, engine: EngineName, name: str) -> None:
    (directory / name).write_bytes(b"half")
    with pytest.raises(InvalidWeights, match="cutout weights compile"):
        ENGINES[engine].load(Model.U2NETP, directory)
    (directory / name).unlink()
    assert not is_compiled(Model.U2NETP, directory, engine)


def test_the_compiled_net_gives_what_torch_gives(compiled: Path) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (2, 320, 320, 3), np.uint8)
    expected = TorchEngine.load(Model.U2NETP, compiled / "u2netp.onnx").infer(batch)
    for engine in ENGINES.values():
        np.testing.assert_allclose(engine.load(Model.U2NETP, compiled).infer(batch), expected, atol=1e-3)


@pytest.mark.parametrize("name", ["OPENVINO", "WINOGRAD"])
def test_the_fast_engines_load_no_torch(weights_directory: Path, name: str) -> None:
    script = (
        "import sys; from pathlib import Path; from cutout.models import Model; from cutout.saliency import engines;"
        f"engines.load(engines.EngineName.{name}, Model.U2NETP, Path({str(weights_directory)!r}));"
        "print('torch' in sys.modules, 'openvino' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", str(name == "OPENVINO")]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_compiled_without_weights(tmp_path: Path, engine: EngineName) -> None:
    with pytest.raises(MissingWeights, match="cutout weights fetch"):
        compile_net(Model.U2NET, tmp_path, engine)


def test_the_version_of_openvino_is_part_of_what_was_compiled(compiled: Path) -> None:
    assert version("openvino") in (compiled / "u2netp.openvino.compiled").read_text()
