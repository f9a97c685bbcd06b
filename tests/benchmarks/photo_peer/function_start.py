"""The start of the image function on this machine, part by part."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cutout.settings import CommandLineSettings
from infra.docker.start_parts import import_seconds, start_parts

HANDLER = Path("functions/image")
SHOWN = 8
PYTHON = [sys.executable]


def environment(model: str) -> dict[str, str]:
    """What Lambda, the image and the template tell the function, as far as its start needs it."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HANDLER.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "OPENBLAS_NUM_THREADS": "1",
        "CUTOUT_MODEL": model,
        "CUTOUT_OUTPUT_BUCKET": "outputs",
        "CUTOUT_RESULT_BUS": "results",
        "CUTOUT_IDEMPOTENCY_TABLE": "outcomes",
        "CUTOUT_WEIGHTS_DIR": str(CommandLineSettings.from_environment(os.environ).weights_directory),
    }


def parts(model: str, photo: Path, rounds: int, say: Callable[[str], None]) -> dict[str, float]:
    """Median seconds by part of a start that ends with `photo`."""
    runs = [start_parts(PYTHON, photo.read_bytes(), environment(model)) for _ in range(rounds)]
    medians = {part: median(run[part] for run in runs) for part in runs[0]}
    say("the function's start: " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in medians.items()))
    return medians


def imports(model: str, rounds: int, say: Callable[[str], None]) -> dict[str, float]:
    """Median seconds by package of importing the handler, those that take longest."""
    runs = [import_seconds(PYTHON, "handler", environment(model)) for _ in range(rounds)]
    medians = {package: median(run.get(package, 0) for run in runs) for package in runs[0]}
    longest = dict(sorted(medians.items(), key=lambda item: -item[1])[:SHOWN])
    say("import handler: " + ", ".join(f"{package} {1000 * seconds:.0f} ms" for package, seconds in longest.items()))
    return longest
