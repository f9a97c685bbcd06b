"""Running other programs: always with an end in sight, and loud when they fail."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TAIL_CHARACTERS = 6000


class CommandFailed(Exception):
    """A program failed or took too long. The message ends with what it printed last."""


@dataclass(frozen=True)
class Printed:
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    timeout_seconds: float,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Printed:
    """What `command` printed. It inherits our environment if it is given none.

    Raises:
        CommandFailed: it could not be started, ended non-zero or took longer than `timeout_seconds`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - callers pass words of their own
            command,
            timeout=timeout_seconds,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"{_words(command)}: no end after {timeout_seconds:g} s") from error
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout}\n{error.stderr}".strip()[-TAIL_CHARACTERS:]
        raise CommandFailed(f"{_words(command)}: exit status {error.returncode}\n{said}") from error
    return Printed(done.stdout, done.stderr)


def _words(command: Sequence[str]) -> str:
    return " ".join(command)[:200]
