"""How far the job is that is at work, by what it logs."""

import json
from pathlib import Path

MESSAGE = "Progress"
TAIL_BYTES = 8192


def last_progress(log: Path, key: str) -> str:
    """`, frame 30 of 150`: the last that the end of `log` says of the upload `key`; empty where it says nothing."""
    with log.open("rb") as content:
        content.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = content.read().splitlines()
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("message") == MESSAGE and entry.get("key") == key:
            return f", frame {entry['frames']} of {entry['of'] or 'an unknown number'}"
    return ""
