"""Telling a person how far a chain of long steps is."""

import time

import click


class Log:
    """Says what is done, and when, in seconds from the start."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def say(self, text: str) -> None:
        click.echo(f"{time.monotonic() - self._begin:6.1f} s  {text}")
