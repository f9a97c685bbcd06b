"""Damaged files, for some seconds, or for as long as `make fuzz` says.

If these fail, somebody who uploads rubbish takes a process down. The message has the number of the case: tests.fuzz
replays it.
"""

import os
import subprocess
import sys

import pytest

SECONDS = float(os.environ.get("FUZZ_SECONDS", "4"))
SEED = os.environ.get("FUZZ_SEED", "1")
PATIENCE_SECONDS = 60
"""One case that takes longer hangs."""


@pytest.mark.parametrize("kind", ["photo", "video"])
def test_what_is_damaged_is_read_or_refused_by_name(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "tests.fuzz", kind, SEED, str(SECONDS)]
    fuzz = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + PATIENCE_SECONDS, check=False)
    lines = fuzz.stdout.splitlines()
    assert fuzz.returncode == 0, f"case {lines[-1:]} ended with {fuzz.returncode}: {fuzz.stderr[-2000:]}"
    with capsys.disabled():
        if "FUZZ_SECONDS" in os.environ:
            sys.stdout.write(f"\n  {lines[-1]}")
