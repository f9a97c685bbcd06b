"""A tool that waits in a process of its own, so that two can take turns, each warm."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Done:
    """What a worker says of one piece of work: seconds in all and by stage, and what else it knows.

    `operations`: how many it took. `verdict`: the fields of `cutout.verdict.Verdict` on the photo.
    """

    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    operations: float = 0
    verdict: Mapping[str, float] = field(default_factory=dict)


class PhotoRefused(Exception):
    """The tool can't do this photo, and says why. It goes on to take others."""


class WorkerFailed(Exception):
    """It ended before it answered. What it printed is above."""


class Worker:
    """Asks with a line of JSON and waits for one. The process ends with the `with`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            stream.close()
        self._process.wait()

    def photo(self, source: Path, target: Path | None = None) -> Done:
        """Remove the background of the file `source`; keep the PNG in `target`. Raises PhotoRefused."""
        return self._ask({"photo": str(source), "target": str(target) if target else None})

    def net(self) -> Done:
        """Run the net alone, on noise."""
        return self._ask({"net": True})

    def _ask(self, what: Mapping[str, object]) -> Done:
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerFailed(" ".join(map(str, self._process.args))) from error
        line = self._process.stdout.readline()
        if not line:
            raise WorkerFailed(" ".join(map(str, self._process.args)))
        answer = json.loads(line)
        if "refused" in answer:
            raise PhotoRefused(answer["refused"])
        return Done(**answer)
