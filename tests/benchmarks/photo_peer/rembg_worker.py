"""rembg, by its own Python. As a worker, requests as in `worker.Worker`, or for whole files:

    python rembg_worker.py MODEL
    python rembg_worker.py MODEL SOURCE TARGET [SOURCE TARGET]...

Its functions are called as its own command line calls them, which takes longer to start.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import rembg.bg
from rembg import new_session, remove

INPUT_SIDE = 320


class Marks:
    """When each stage of `remove` ended. What is timed is called through `ending` and does what it did."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def begin(self) -> None:
        self.seconds, self._last = {}, perf_counter()

    def end(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now

    def around(self, work: Callable[..., Any], before: str | None, after: str) -> Callable[..., Any]:
        """`work`, before which the stage `before` ends, and with which the stage `after` does."""

        def marked(*arguments: Any, **named: Any) -> Any:
            if before:
                self.end(before)
            made = work(*arguments, **named)
            self.end(after)
            return made

        return marked


class MarkedNet:
    """rembg's inner session. With its run ends what it was given the picture for."""

    def __init__(self, net: Any, marks: Marks) -> None:
        self._net = net
        self.run = marks.around(net.run, None, "saliency")

    def get_inputs(self) -> Any:
        return self._net.get_inputs()


def serve(session: Any) -> None:
    marks, net = Marks(), session.inner_session
    noise = {net.get_inputs()[0].name: np.random.default_rng(0).random((1, 3, INPUT_SIDE, INPUT_SIDE), np.float32)}
    session.inner_session = MarkedNet(net, marks)
    session.predict = marks.around(session.predict, "decode", "matte")
    rembg.bg.naive_cutout = marks.around(rembg.bg.naive_cutout, None, "composite")
    for line in sys.stdin:
        request = json.loads(line)
        begin = perf_counter()
        if "net" in request:
            net.run(None, noise)
            answer: dict[str, Any] = {"seconds": perf_counter() - begin}
        else:
            answer = answer_of(request["photo"], request["target"], session, marks)
        print(json.dumps(answer), flush=True)


def answer_of(photo: str, target: str | None, session: Any, marks: Marks) -> dict[str, Any]:
    content = Path(photo).read_bytes()
    begin = perf_counter()
    marks.begin()
    try:
        made = remove(content, session=session)
    except Exception as error:  # noqa: BLE001 - it has no errors of its own, and one photo must not stop the others
        return {"refused": f"{type(error).__name__}: {error}"}
    marks.end("encode")
    seconds = perf_counter() - begin
    if target:
        Path(target).write_bytes(made)
    return {"seconds": seconds, "stages": marks.seconds}


def main(model: str, *files: str) -> None:
    session = new_session(model)
    if not files:
        serve(session)
    for source, target in zip(files[::2], files[1::2], strict=True):
        Path(target).write_bytes(remove(Path(source).read_bytes(), session=session))


if __name__ == "__main__":
    main(*sys.argv[1:])
