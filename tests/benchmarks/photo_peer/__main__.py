"""`make bench`: cutout beside rembg 2.0.86 with the very same weights on the same processors, in turn, as ratios.

First it is checked that their mattes agree. `--alone` leaves the peer out.
"""

import argparse
import dataclasses
import json
import os
import platform
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from cutout.settings import CommandLineSettings
from tests.benchmarks.photo_peer import function_start, measure, readme, table, tools
from tests.benchmarks.photo_peer.figures import Figures
from tests.benchmarks.photo_peer.lambda_price import settings
from tests.benchmarks.photo_peer.tools import Tool
from tests.benchmarks.processes import processors

PARTS = ("warm", "net", "whole", "folder", "price", "start")
FOLDER_PHOTOS = 9
OUTPUT = Path(".cache/bench")
README = Path("README.md")
BEGIN = time.perf_counter()


def say(text: str) -> None:
    print(f"{time.perf_counter() - BEGIN:6.1f} s  {text}", flush=True)


def main() -> None:
    given = arguments()
    folder, directory = given.output, CommandLineSettings.from_environment(os.environ).weights_directory
    compared = [tools.cutout(given.model)]
    if not given.alone:
        compared.append(tools.rembg(given.model, directory, folder / "rembg"))
    folder.mkdir(parents=True, exist_ok=True)
    sizes = sorted(set(given.megapixels))
    photos = photos_by_size(folder, sizes)
    figures = Figures(given.model, f"{processors()} processors, {processor_name()}", given.rounds)
    measured(figures, compared, photos, folder, given)
    written(figures, folder, plotted=not given.alone)
    if given.readme:
        readme.put_into(README, table.for_readme(figures))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["u2net", "u2netp"], default="u2net")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts (3)")
    parser.add_argument("--megapixels", type=int, nargs="+", default=[1, 12, 50], help="of the photos (1 12 50)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="what to measure (all)")
    parser.add_argument("--alone", action="store_true", help="without rembg, and without a plot")
    parser.add_argument("--readme", action="store_true", help="put the tables into README.md too")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where photos, table and plot go (.cache/bench)")
    return parser.parse_args()


def photos_by_size(folder: Path, sizes: list[int]) -> dict[int, list[Path]]:
    paths = tools.said("photos", str(folder / "photos"), *map(str, sizes))
    return {int(size): [Path(path) for path in files] for size, files in paths.items()}


def measured(
    figures: Figures, compared: list[Tool], photos: dict[int, list[Path]], folder: Path, given: argparse.Namespace
) -> None:
    """Fill `figures` with what `given.only` names. Sizes of one photo apart, the middle size is measured."""
    first = {size: files[0] for size, files in photos.items()}
    middle, rounds = sorted(photos)[len(photos) // 2], given.rounds
    with ExitStack() as stack:
        workers = measure.started(compared, stack)
        if len(workers) > 1:
            figures.agreement = measure.agreement(workers, photos[min(photos)], folder, say)
        if "warm" in given.only:
            figures.warm = measure.warm(workers, first, rounds, say)
        if "net" in given.only:
            figures.net = measure.net(workers, given.model, rounds, say)
    if "whole" in given.only:
        figures.whole = measure.whole(compared, first, folder / "whole.png", rounds, say)
    if "folder" in given.only:
        many = folder_of(photos[middle], folder / "folder")
        figures.folder = measure.folder(compared, many, middle, folder / "cutouts", rounds, say)
    if "price" in given.only:
        figures.scaling = measure.scaling(compared, first[middle], middle, rounds, say)
    if "start" in given.only:
        figures.start = function_start.parts(given.model, first[min(photos)], rounds, say)
        figures.imports = function_start.imports(given.model, rounds, say)


def folder_of(photos: list[Path], folder: Path) -> list[Path]:
    """A folder with these photos again and again, and nothing else."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    links = [folder / f"{number}.jpg" for number in range(FOLDER_PHOTOS)]
    for number, link in enumerate(links):
        link.symlink_to(photos[number % len(photos)].resolve())
    return links


def processor_name() -> str:
    """As Linux names it, or the architecture alone."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def written(figures: Figures, folder: Path, *, plotted: bool) -> None:
    """Print the tables, and write them and the plot to `folder`."""
    text = table.markdown(figures)
    print(f"\n{text}")
    (folder / "bench.md").write_text(text)
    prices = {one.tool: settings(one.seconds_by_processors) for one in figures.scaling}
    lines = {
        tool: {"megabytes": [one.megabytes for one in of], "dollars": [one.dollars_for_1000 for one in of]}
        for tool, of in prices.items()
    }
    source = folder / "bench.json"
    source.write_text(json.dumps({**dataclasses.asdict(figures), "prices": lines}, indent=1))
    if plotted:
        plot = str(Path(__file__).with_name("plot.py"))
        subprocess.run([str(tools.PEER_PYTHON), plot, str(source), str(folder / "bench.png")], check=True)
    said = f"{folder}/bench.md" + (f", the plot in {folder}/bench.png" if plotted else "")
    print(f"make bench: the table is in {said}; all figures in {source}.")


if __name__ == "__main__":
    main()
