"""If these fail, `make sam` hangs, or says that something failed and not what."""

import sys
import time

import pytest

from infra.docker.command import CommandFailed, run


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_what_was_printed_comes_back() -> None:
    printed = run(python("import sys; print(input()); print('b', file=sys.stderr)"), timeout_seconds=30, stdin="a")
    assert (printed.stdout, printed.stderr) == ("a\n", "b\n")


def test_a_failure_says_what_failed_and_what_it_printed() -> None:
    with pytest.raises(CommandFailed, match=r"exit status 3\n(.|\n)*the cause"):
        run(python("print('the cause'); raise SystemExit(3)"), timeout_seconds=30)


def test_nothing_is_waited_for_for_ever() -> None:
    begin = time.monotonic()
    with pytest.raises(CommandFailed, match=r"no end after 0\.5 s"):
        run(python("import time; time.sleep(60)"), timeout_seconds=0.5)
    assert time.monotonic() - begin < 10


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        run(["no-such-program"], timeout_seconds=1)
