"""What all benchmarks need."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cutout.arrays import Floats, Pixels
from tests.benchmarks.photo_peer.tools import PEER_PYTHON

PEER_PROGRAM = Path(__file__).with_name("pymatting_peer.py")


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure although pytest keeps what tests print."""

    def said(figure: str) -> None:
        with capsys.disabled():
            print(f"\n  {figure}", end="")  # noqa: T201

    return said


@pytest.fixture
def peer(tmp_path: Path) -> Callable[[str, Pixels, Floats], Floats]:
    """A function of pymatting 1.1, by its name, of a picture and its alpha in [0, 1]."""
    if not PEER_PYTHON.exists():
        pytest.skip("skipped: the peer isn't installed; `make bench` does that")

    def made(function: str, picture: Pixels, alpha: Floats) -> Floats:
        source, target = tmp_path / "source.npz", tmp_path / "target.npy"
        np.savez(source, image=picture / np.float32(255), alpha=alpha)
        subprocess.run([PEER_PYTHON, PEER_PROGRAM, function, source, target], check=True)
        return np.load(target)

    return made
