"""What the start of the function consists of, measured in its own process, on this machine or in its image."""

import base64
import json
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.docker.command import run

SCRIPT = Path(__file__).with_name("start_script.py")
TIMEOUT_SECONDS = 120
IMPORT = re.compile(r"^import time: +(\d+) \| +\d+ \| +([\w.]+)$", re.MULTILINE)


def start_parts(python: Sequence[str], photo: bytes, environment: Mapping[str, str] | None = None) -> dict[str, float]:
    """Seconds by part, in their order, of a start that ends with `photo` done twice. Raises CommandFailed.

    `python` is the command that runs the function's Python where its handler can be imported.
    """
    command = [*python, "-c", SCRIPT.read_text(), str(time.time())]
    content = base64.b64encode(photo).decode()
    printed = run(command, timeout_seconds=TIMEOUT_SECONDS, environment=environment, stdin=content)
    parts: dict[str, float] = json.loads(printed.stdout)
    return parts


def import_seconds(
    python: Sequence[str], module: str, environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Seconds by package of importing `module`, the longest first, as `-X importtime` tells. Raises CommandFailed."""
    command = [*python, "-X", "importtime", "-c", f"import {module}"]
    told = run(command, timeout_seconds=TIMEOUT_SECONDS, environment=environment).stderr
    seconds: dict[str, float] = defaultdict(float)
    for microseconds, name in IMPORT.findall(told):
        seconds[name.split(".")[0]] += int(microseconds) / 1e6
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))
