"""If these fail, nobody sees which part of the function's start has become slow."""

import os
import sys
from pathlib import Path

import pytest

from infra.docker.command import CommandFailed
from infra.docker.start_parts import import_seconds, start_parts


def test_imports_are_summed_by_package(tmp_path: Path) -> None:
    package = tmp_path / "slow"
    package.mkdir()
    (package / "__init__.py").write_text("import time\ntime.sleep(0.05)\nimport slow.part")
    (package / "part.py").write_text("time = __import__('time')\ntime.sleep(0.05)")
    seconds = import_seconds([sys.executable], "slow", {**os.environ, "PYTHONPATH": str(tmp_path)})
    assert 0.1 < seconds["slow"] < 1
    assert next(iter(seconds)) == "slow"


def test_a_function_that_does_not_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("raise RuntimeError('no weights')")
    with pytest.raises(CommandFailed, match="no weights"):
        start_parts([sys.executable], b"", {**os.environ, "PYTHONPATH": str(tmp_path)})
