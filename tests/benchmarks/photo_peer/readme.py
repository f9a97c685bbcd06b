"""Putting the tables into README, between two marks, so that its figures are those of a run."""

from pathlib import Path

BEGIN, END = "<!-- make bench BENCH_OPTIONS=--readme writes from here -->", "<!-- to here -->"


def put_into(readme: Path, text: str) -> None:
    """Raises ValueError where the marks are missing."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{readme} lacks the lines {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
