"""If these fail, a person who waits for a video sees nothing, or the progress of another one."""

import json
from pathlib import Path

import pytest

from infra.local.progress import TAIL_BYTES, last_progress


def line(key: str, frames: int, of: int | None = 150) -> str:
    return json.dumps({"level": "INFO", "message": "Progress", "key": key, "frames": frames, "of": of, "fps": 1.5})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], ""),
        (["no json", "[1]", '{"message": "Progress"}', "{"], ""),
        ([line("a.mp4", 10), line("a.mp4", 30), "a warning of a library"], ", frame 30 of 150"),
        ([line("a.mp4", 10), line("b.mp4", 30)], ", frame 10 of 150"),
        ([line("a.mp4", 10, None)], ", frame 10 of an unknown number"),
        ([line("a.mp4", 10), "x" * TAIL_BYTES], ""),
    ],
)
def test_the_last_that_was_said_of_this_video_counts(tmp_path: Path, lines: list[str], said: str) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(lines))

    assert last_progress(log, "a.mp4") == said
