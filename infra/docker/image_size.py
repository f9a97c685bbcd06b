"""How large an image is, and what of it is so large."""

import json
from dataclasses import dataclass
from pathlib import Path

from infra.docker.command import run

LISTING = Path(__file__).with_name("list_parts.py")
PYTHON = "/opt/venv/bin/python"
SHOWN_FROM_MEGABYTES = 1


@dataclass(frozen=True)
class ImageSize:
    """All sizes are in units of 10^6 bytes, unpacked. `parts` are by name; the rest of `whole` is the base image."""

    whole: float
    parts: dict[str, float]
    holds_torch: bool

    def lines(self) -> list[str]:
        """The parts worth a line, the largest first."""
        small = sum(size for size in self.parts.values() if size < SHOWN_FROM_MEGABYTES)
        shown = {name: size for name, size in self.parts.items() if size >= SHOWN_FROM_MEGABYTES}
        shown |= {"all smaller parts": small, "base image": self.whole - sum(self.parts.values())}
        ordered = sorted(shown.items(), key=lambda part: part[1], reverse=True)
        return [f"{size:7.1f} MB  {name}" for name, size in [*ordered, ("in all", self.whole)]]


def image_size(image: str) -> ImageSize:
    """Raises `CommandFailed` if there is no such image or it doesn't run."""
    whole = whole_megabytes(image)
    command = ["docker", "run", "--rm", "--interactive", "--network", "none", "--entrypoint", PYTHON, image, "-"]
    listed = json.loads(run(command, timeout_seconds=60, stdin=LISTING.read_text()).stdout)
    parts = {name: size / 1e6 for name, size in listed["bytes"].items()}
    return ImageSize(whole, parts, listed["torch"])


def whole_megabytes(image: str) -> float:
    """Raises `CommandFailed` if there is no such image."""
    inspected = run(["docker", "image", "inspect", "--format", "{{.Size}}", image], timeout_seconds=30)
    return int(inspected.stdout) / 1e6
