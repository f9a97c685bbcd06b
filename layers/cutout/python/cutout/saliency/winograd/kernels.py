"""Compiling kernels.c, and calling it."""

import ctypes
import platform
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cutout.errors import MissingEngine

SOURCE = Path(__file__).with_name("kernels.c")
CPU_INFORMATION = Path("/proc/cpuinfo")
TARGETS = {"x86_64": ("x86_64-linux-gnu.2.28", "x86_64_v3"), "aarch64": ("aarch64-linux-gnu.2.28", "generic")}
"""By machine, the compiler's target and the least processor. x86_64_v3 has AVX2 and FMA, as all of Lambda's have."""

NEEDED_FLAGS = {"x86_64": {"avx2", "fma"}, "aarch64": {"asimd"}}


class Operation(ctypes.Structure):
    """As kernels.c has it."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("kind", "height", "width", "channels_in", "channels_out", "dilation")),
        *((name, ctypes.c_int) for name in ("in_height", "in_width")),
        *((name, ctypes.c_void_p) for name in ("source", "add", "filters", "bias", "target")),
        *((name, ctypes.c_long) for name in ("source_stride", "add_stride", "target_stride")),
    )


def kernels_path(directory: Path) -> Path:
    """The compiled kernels, beside the weights in `directory`. Those of another source have another name."""
    return directory / f"winograd-{sha256(SOURCE.read_bytes()).hexdigest()[:12]}.so"


def can_be_compiled() -> bool:
    """Whether there are kernels for this kind of machine, though maybe not for this processor."""
    return platform.system() == "Linux" and platform.machine() in TARGETS


def is_supported() -> bool:
    """Whether this processor has what the kernels are compiled for."""
    needed = NEEDED_FLAGS.get(platform.machine())
    return needed is not None and CPU_INFORMATION.is_file() and needed <= processor_flags()


def processor_flags() -> set[str]:
    """What the processor can do, as Linux calls it."""
    for line in CPU_INFORMATION.read_text().splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(flags.split())
    return set()


def compile_kernels(target: Path) -> None:
    """Make the shared library `target` for this kind of machine.

    Raises:
        MissingEngine: the compiler refuses.
    """
    triple, processor = TARGETS[platform.machine()]
    options = ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-shared", "-fPIC", f"-mcpu={processor}"]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", triple, *options, str(SOURCE), "-lm", "-lpthread"]
    done = subprocess.run([*command, "-o", str(target)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise MissingEngine(f"The kernels of the engine winograd could not be compiled: {done.stderr.strip()}")


class Kernels:
    """The compiled kernels in the shared library at `path`.

    Raises:
        MissingEngine: it can't be loaded, or is another version's.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._library = ctypes.CDLL(str(path))
        except OSError as error:
            raise MissingEngine(f"{path} can't be loaded. Delete it and run: cutout weights compile") from error
        if self._library.size_of_operation() != ctypes.sizeof(Operation):
            raise MissingEngine(f"{path} is another version's. Delete it and run: cutout weights compile")

    def run(self, operations: "ctypes.Array[Operation]", threads: int) -> None:
        """Run all `operations`, one after another, each on as many threads."""
        if self._library.run(operations, len(operations), threads):
            raise MemoryError("the kernels have no room to work in")


def operations(made: Sequence[Operation]) -> "ctypes.Array[Operation]":
    return (Operation * len(made))(*made)
