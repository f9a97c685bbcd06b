"""If these fail, a function or a command loads what it doesn't use first, at every cold start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "cv2", "numpy", "onnx")
OF_NO_USE_TO_A_PHOTO = (
    "av",
    "moto",
    "onnx",
    "openvino",  # loaded with the net, and not at all where a stored matte does
    "pi_heif",  # loaded for a HEIC
    "scipy",
    "skimage",
    "torch",
    "torchvision",
)
OF_NO_USE_TO_HELP = (*OF_NO_USE_TO_A_PHOTO, "boto3", "cv2", "numpy")
THREADS = Path("/proc/self/task")
ENVIRONMENT = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
ENVIRONMENT.pop("OPENBLAS_NUM_THREADS", None)


def loaded(statement: str, names: tuple[str, ...], path: str = "") -> list[str]:
    """Which of `names` are loaded after `statement`, in a new process that finds modules in `path` too."""
    return said(
        f"import sys; sys.path.insert(0, {path!r}); {statement}; print(*[n for n in {names} if n in sys.modules])"
    )


def said(script: str) -> list[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout.split()


@pytest.mark.parametrize("module", ["events", "options", "settings", "storage", "results", "errors"])
def test_what_zip_functions_import_stays_light(module: str) -> None:
    assert loaded(f"import cutout.{module}", HEAVY) == []


def test_the_image_function_starts_with_no_more_than_a_photo_needs() -> None:
    assert loaded("import handler", OF_NO_USE_TO_A_PHOTO, "functions/image") == []


def test_the_command_line_starts_without_what_help_has_no_use_for() -> None:
    assert loaded("import cutout.cli", OF_NO_USE_TO_HELP) == []


def test_a_photo_on_the_command_line_waits_for_nothing_that_fetches_weights() -> None:
    statement = "import cutout.cli, cutout.pipeline, cutout.saliency.engines"
    assert loaded(statement, (*OF_NO_USE_TO_A_PHOTO, "boto3", "http.client")) == []


@pytest.mark.skipif(not THREADS.exists(), reason="only Linux lists a process's threads")
def test_the_command_line_starts_no_threads_of_numpy_which_spin_while_all_else_is_loaded() -> None:
    run = "from cutout.cli import main; CliRunner().invoke(main, ['image', '--help'])"
    script = f"from click.testing import CliRunner; {run}; import os, numpy; print(*os.listdir({str(THREADS)!r}))"
    assert len(said(script)) == 1
