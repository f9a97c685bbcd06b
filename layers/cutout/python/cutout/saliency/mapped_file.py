"""Letting go of memory that a mapped file takes."""

import ctypes
from pathlib import Path

MAPPINGS = Path("/proc/self/maps")
MADV_DONTNEED = 4
"""Of Linux's mman.h."""


def let_go(file: Path) -> None:
    """Take the pages of `file`, mapped into this process to be read, out of its memory.

    Whatever touches one of them gets it from the file again, so that nothing changes but the memory in use. Where the
    system isn't Linux, nothing happens.
    """
    if not MAPPINGS.is_file():
        return
    libc = ctypes.CDLL(None)
    for line in MAPPINGS.read_text().splitlines():
        addresses, mode, *_, name = line.split(maxsplit=5)
        if name == str(file.resolve()) and mode.startswith("r-"):
            begin, end = (int(address, 16) for address in addresses.split("-"))
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_DONTNEED)
