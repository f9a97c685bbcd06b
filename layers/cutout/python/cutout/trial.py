"""A photo that may have taken a process down is decoded in a process of its own, before it is trusted again.

A decoder written in C can crash, or ask for more memory than there is, and then takes along whatever else its process
was at. What a first attempt died of can't be told: it may have been killed for other reasons. So the second attempt
tries, and refuses by name what kills the trial too.
"""

import resource
import subprocess
import sys
from pathlib import Path

from cutout.choices import Frames
from cutout.errors import Refusal, Transient, UnreadableImage
from cutout.limits import Limits
from cutout.media.animation import decode_animation
from cutout.media.image import decode

OUT_OF_MEMORY, DAMAGED = 3, 4
CONVINCING_SECONDS = 10
"""What takes longer to decode takes for ever. In less, a busy processor may be to blame."""


class TrialFailed(Transient):
    code = "trial_failed"


def try_decoding(content: bytes, frames: Frames, limits: Limits, memory_bytes: int, seconds: float) -> None:
    """Decode `content` in a process that may take `memory_bytes` beyond its own start, and `seconds`.

    Raises:
        UnreadableImage: the process found it damaged, or did not survive it. What else it may be refused for shows when
            it is decoded here.
        TrialFailed: nothing is known of the photo.
    """
    command = [sys.executable, "-m", "cutout.trial", frames, *map(str, (*_fields(limits), memory_bytes))]
    try:
        status = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command, input=content, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds, check=False
        ).returncode
    except subprocess.TimeoutExpired as error:
        if seconds < CONVINCING_SECONDS:
            raise TrialFailed(f"The photo could not be decoded in the {seconds:.0f} s that were left.") from error
        raise UnreadableImage(f"The photo takes longer than {seconds:.0f} s to decode: save it anew.") from error
    if status == OUT_OF_MEMORY:
        raise UnreadableImage(f"The photo takes more than {memory_bytes / 1e6:.0f} MB to decode: save it anew.")
    if status == DAMAGED:
        raise UnreadableImage("The photo is damaged or cut short: upload it again from the original.")
    if status < 0:
        raise UnreadableImage("The photo is damaged so badly that its decoder crashes: save it anew.")
    if status:
        raise TrialFailed(f"The trial of a photo could not be held: it ended with {status}.")


def main(arguments: list[str]) -> int:
    frames, megabytes, megapixels, count, memory_bytes = arguments
    content = sys.stdin.buffer.read()
    limit_memory(int(memory_bytes))
    limits = Limits(float(megabytes), float(megapixels), int(count))
    try:
        decode(content, limits)
        if frames == Frames.ALL:
            decode_animation(content, limits)
    except UnreadableImage:
        return DAMAGED
    except Refusal:
        return 0
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def limit_memory(more_bytes: int) -> None:
    """Let this process have `more_bytes` of address space beyond what it has. No core is dumped."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _fields(limits: Limits) -> tuple[float, float, int]:
    return limits.megabytes, limits.megapixels, limits.frames


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
