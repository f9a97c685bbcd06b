"""The nets on offer."""

from enum import StrEnum


class Model(StrEnum):
    U2NET = "u2net"
    U2NETP = "u2netp"
