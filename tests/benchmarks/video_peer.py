"""`make bench-video`: cutout beside backgroundremover 0.4.5, on the same clip with the same weights, as ratios.

Both run as whole processes, in turn, and write ProRes with alpha. First it is checked that their mattes agree.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import av
import numpy as np

from cutout.arrays import Pixels
from cutout.models import Model
from cutout.saliency.fetch import locate
from cutout.saliency.weights import read_onnx
from cutout.settings import CommandLineSettings
from tests.benchmarks.processes import Run, run
from tests.benchmarks.test_video import clip_at

SIZE = (1280, 720)
AGREE_WITHIN = 0.03
"""Mean difference of the mattes: the peer resizes pictures and mattes in another way."""

PEER_PYTHON = Path(".venv-peer/bin/python")
PEER = Path(".venv-peer/bin/backgroundremover")


def checkpoint(folder: Path) -> Path:
    """The pretrained weights in the form that the peer loads."""
    directory = CommandLineSettings.from_environment(os.environ).weights_directory
    arrays = {}
    for number, convolution in enumerate(read_onnx(locate(Model.U2NET, directory))):
        arrays[f"weight{number}"], arrays[f"bias{number}"] = convolution
    np.savez(folder / "convolutions.npz", **arrays)
    path = folder / "u2net.pth"
    script = str(Path(__file__).with_name("peer_checkpoint.py"))
    run([str(PEER_PYTHON), script, str(folder / "convolutions.npz"), str(path)], os.environ)
    return path


def mattes(path: Path) -> list[Pixels]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgba")[..., 3] for frame in container.decode(video=0)]


def check_agreement(ours: Path, theirs: Path) -> None:
    one, other = mattes(ours), mattes(theirs)
    if abs(len(one) - len(other)) > 1:
        raise SystemExit(f"cutout wrote {len(one)} frames, and the peer {len(other)}")
    apart = float(np.mean([np.abs(a.astype(int) - b).mean() / 255 for a, b in zip(one, other, strict=False)]))
    print(f"the mattes differ by {apart:.4f} on average; {len(one)} frames and {len(other)}")
    if apart > AGREE_WITHIN:
        raise SystemExit(f"that is more than {AGREE_WITHIN}: they don't do the same work")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=30, help="of the clip (30)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts (3)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cutout-bench-") as name:
        folder = Path(name)
        clip = clip_at(folder / "clip.mp4", *SIZE, given.frames)
        environment = {**os.environ, "U2NET_PATH": str(checkpoint(folder))}
        ours, theirs = folder / "ours.mov", folder / "theirs.mov"
        commands = {
            "cutout": [str(Path(sys.executable).with_name("cutout")), "video", str(clip), str(ours)],
            "backgroundremover": [str(PEER), "-i", str(clip), "-tv", "-o", str(theirs)],
        }
        runs: dict[str, list[Run]] = {tool: [] for tool in commands}
        for number in range(given.rounds):
            for tool, command in commands.items():
                runs[tool].append(run(command, environment))
                last = runs[tool][-1]
                print(f"round {number + 1}: {tool} {given.frames / last.seconds:.3f} frames a second", flush=True)
            if number == 0:
                check_agreement(ours, theirs)
        print_table(runs, given.frames)


def print_table(runs: Mapping[str, Sequence[Run]], frames: int) -> None:
    print(f"\n{frames} frames of {SIZE[0]} x {SIZE[1]} with sound to ProRes 4444, u2net, {os.cpu_count()} processors")
    print("| medians of whole processes | cutout | backgroundremover | ratio |")
    print("|---|---|---|---|")
    ours, theirs = (
        {field: median(getattr(run, field) for run in runs[tool]) for field in Run.__annotations__} for tool in runs
    )
    speeds = frames / ours["seconds"], frames / theirs["seconds"]
    print(f"| frames a second | {speeds[0]:.2f} | {speeds[1]:.3f} | {speeds[0] / speeds[1]:.1f} |")
    for field, label in (("processor_seconds", "processor seconds"), ("megabytes", "peak memory, MB")):
        print(f"| {label} | {ours[field]:.0f} | {theirs[field]:.0f} | {theirs[field] / ours[field]:.1f} |")


if __name__ == "__main__":
    main()
