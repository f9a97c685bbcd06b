"""The measurements, one function each. In each, the tools take turns, and medians count."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.benchmarks.photo_peer.figures import Folder, Net, Scaling, Warm, Whole
from tests.benchmarks.photo_peer.tools import Tool, said
from tests.benchmarks.photo_peer.worker import Done, Worker
from tests.benchmarks.processes import Run, limited_to, run

AGREE_WITHIN = 0.06
"""Mean difference of the mattes, of 1: rembg resizes photos and mattes by Lanczos, cutout as the net's authors do."""

OPERATIONS = {"u2net": 117.2e9, "u2netp": 39.5e9}
"""Of one picture of 320 x 320; a multiplication and its addition are two."""

GEMM = [sys.executable, "-m", f"{__package__}.gemm_worker"]

Say = Callable[[str], None]
Workers = Mapping[str, Worker]


def started(tools: Sequence[Tool], stack: ExitStack, **variables: str) -> Workers:
    """A worker of each tool, until `stack` is closed."""
    return {tool.name: stack.enter_context(Worker(tool.worker, {**tool.environment, **variables})) for tool in tools}


def agreement(workers: Workers, photos: Sequence[Path], folder: Path, say: Say) -> dict[str, float]:
    """Mean difference of the two tools' alpha by photo. Nothing is measured of tools that do different work."""
    apart = {}
    for photo in photos:
        targets = [folder / f"agreement-{number}.png" for number in range(len(workers))]
        for worker, target in zip(workers.values(), targets, strict=True):
            worker.photo(photo, target)
        apart[photo.stem] = said("agreement", *map(str, targets))
        say(f"mattes of {photo.name} differ by {apart[photo.stem]:.4f} of full alpha; the bound is {AGREE_WITHIN}")
        if apart[photo.stem] > AGREE_WITHIN:
            raise SystemExit("That is too much: they don't do the same work.")
    return apart


def warm(workers: Workers, photos: Mapping[int, Path], rounds: int, say: Say) -> list[Warm]:
    """`photos` by megapixels."""
    measured = []
    for megapixels, photo in photos.items():
        done = in_turn(workers, lambda worker, photo=photo: worker.photo(photo), rounds)
        for tool, runs in done.items():
            stages = {stage: median(one.stages[stage] for one in runs) for stage in runs[0].stages}
            measured.append(Warm(tool, megapixels, median(one.seconds for one in runs), stages))
            say(f"{tool}, {megapixels} MP, warm: {measured[-1].seconds:.2f} s")
    return measured


def net(workers: Workers, model: str, rounds: int, say: Say) -> list[Net]:
    """The nets alone, in turn with a product of matrices."""
    with Worker(GEMM, os.environ) as gemm:
        done = in_turn({**workers, "gemm": gemm}, Worker.net, rounds)
    products = done.pop("gemm")
    rate = products[0].operations / median(one.seconds for one in products)
    say(f"a product of matrices on these processors: {rate / 1e9:.0f} GFLOP/s")
    measured = []
    for tool, runs in done.items():
        seconds = median(one.seconds for one in runs)
        measured.append(Net(tool, seconds, OPERATIONS[model] / seconds / rate))
        say(f"{tool}, the net alone: {seconds:.3f} s, {measured[-1].share_of_gemm:.0%} of that rate")
    return measured


def in_turn(workers: Workers, work: Callable[[Worker], Done], rounds: int) -> dict[str, list[Done]]:
    """Each worker's answers, after one that doesn't count."""
    done: dict[str, list[Done]] = {tool: [] for tool in workers}
    for number in range(rounds + 1):
        for tool, worker in workers.items():
            answer = work(worker)
            if number:
                done[tool].append(answer)
    return done


def whole(tools: Sequence[Tool], photos: Mapping[int, Path], target: Path, rounds: int, say: Say) -> list[Whole]:
    """Processes that do one photo."""
    measured = []
    for megapixels, photo in photos.items():
        runs = {tool.name: [] for tool in tools}
        for _ in range(rounds):
            for tool in tools:
                runs[tool.name].append(run([*tool.file, str(photo), str(target)], tool.environment))
        for tool, done in runs.items():
            middle = {field: median(getattr(one, field) for one in done) for field in Run.__annotations__}
            measured.append(Whole(tool, megapixels, **middle))
            say(f"{tool}, {megapixels} MP, whole process: {middle['seconds']:.2f} s, {middle['megabytes']:.0f} MB")
    return measured


def folder(
    tools: Sequence[Tool], photos: Sequence[Path], megapixels: int, target: Path, rounds: int, say: Say
) -> list[Folder]:
    """Processes that do all of `photos`, which lie in a folder of their own."""
    runs: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            target.mkdir(exist_ok=True)
            runs[tool.name].append(run(tool.folder_command(photos, target), tool.environment).seconds)
    measured = [Folder(tool, len(photos), megapixels, median(seconds)) for tool, seconds in runs.items()]
    for one in measured:
        say(f"{one.tool}, {one.photos} photos of {megapixels} MP: {one.photos_a_second:.2f} a second")
    return measured


def scaling(tools: Sequence[Tool], photo: Path, megapixels: int, rounds: int, say: Say) -> list[Scaling]:
    """A warm photo on one processor and on two."""
    seconds: dict[str, dict[int, float]] = {tool.name: {} for tool in tools}
    for count in (1, 2):
        with ExitStack() as stack:
            with limited_to(count):
                workers = started(tools, stack, OMP_NUM_THREADS=str(count))
            for tool, done in in_turn(workers, lambda worker: worker.photo(photo), rounds).items():
                seconds[tool][count] = median(one.seconds for one in done)
                say(f"{tool}, {megapixels} MP on {count} processors: {seconds[tool][count]:.2f} s")
    return [Scaling(tool, megapixels, by_processors) for tool, by_processors in seconds.items()]
