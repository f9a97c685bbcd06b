"""If this fails, every small function that only reads an event loads hundreds of megabytes first."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "cv2", "numpy", "onnx")


@pytest.mark.parametrize("module", ["events", "options", "settings", "storage", "results", "errors"])
def test_what_zip_functions_import_stays_light(module: str) -> None:
    script = f"import sys, cutout.{module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "[]\n"
