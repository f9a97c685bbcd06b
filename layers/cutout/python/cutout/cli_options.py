"""Options that several commands share. They are read as S3 metadata is read, so that both accept the same."""

from collections.abc import Callable
from typing import Any

import click

from cutout.errors import InvalidOption
from cutout.options import READERS


def as_option(name: str) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """A callback that reads the option `name`."""

    def read(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else READERS[name](text)
        except InvalidOption as error:
            raise click.BadParameter(str(error)) from error

    return read


model = click.option(
    "--model", default="u2net", callback=as_option("model"), help="u2net, or the smaller and faster u2netp."
)
precision = click.option(
    "--precision",
    default="fastest",
    type=click.Choice(["fastest", "full"]),
    help="full: 32 bits. fastest: 16 where the processor multiplies in them and the net was measured to stand them.",
)
engine = click.option(
    "--engine", default="auto", type=click.Choice(["auto", "torch", "openvino", "winograd"]), help="What runs the net."
)
