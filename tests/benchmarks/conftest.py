"""What all benchmarks need."""

from collections.abc import Callable

import pytest


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure although pytest keeps what tests print."""

    def said(figure: str) -> None:
        with capsys.disabled():
            print(f"\n  {figure}", end="")  # noqa: T201

    return said
