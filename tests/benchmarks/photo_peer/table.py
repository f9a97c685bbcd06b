"""The figures as Markdown."""

from collections.abc import Iterator

from tests.benchmarks.photo_peer.figures import Figures, Scaling
from tests.benchmarks.photo_peer.lambda_price import Setting, cheapest, settings
from tests.benchmarks.photo_peer.tools import CUTOUT, REMBG


def markdown(figures: Figures) -> str:
    """All tables."""
    return joined(ratios(figures), stages(figures), lambda_settings(figures), start(figures))


def for_readme(figures: Figures) -> str:
    """The tables that a user chooses by."""
    return joined(ratios(figures), stages(figures), lambda_settings(figures))


def joined(*tables: list[str]) -> str:
    return "\n\n".join("\n".join(table) for table in tables if table) + "\n"


def ratios(figures: Figures) -> list[str]:
    """How many times better cutout is: each row's ratio is above 1 where it is."""
    parts = (times, throughput, processor_time, memory, cost, net, agreement)
    rows = [line for part in parts for line in part(figures)]
    if not rows:
        return []
    head = f"{figures.model}, {figures.machine}, medians of {figures.rounds}"
    return [f"| {head} | cutout | {REMBG} | times |", "|---|---|---|---|", *rows]


def times(figures: Figures) -> Iterator[str]:
    sizes = dict.fromkeys(one.megapixels for one in figures.warm)
    for size in sizes:
        seconds = {one.tool: one.seconds for one in figures.warm if one.megapixels == size}
        yield row(f"JPEG of {size} MP to PNG, warm", seconds, "{:.2f} s")
    if figures.whole:
        smallest = min(one.megapixels for one in figures.whole)
        seconds = {one.tool: one.seconds for one in figures.whole if one.megapixels == smallest}
        yield row(f"process start to the first PNG, {smallest} MP", seconds, "{:.2f} s")


def throughput(figures: Figures) -> Iterator[str]:
    if figures.folder:
        one = figures.folder[0]
        name = f"folder of {one.photos} photos of {one.megapixels} MP, photos a second"
        yield row(name, {one.tool: one.photos_a_second for one in figures.folder}, "{:.2f}", more_is_better=True)


def processor_time(figures: Figures) -> Iterator[str]:
    for size in dict.fromkeys(one.megapixels for one in figures.whole):
        seconds = {one.tool: one.processor_seconds for one in figures.whole if one.megapixels == size}
        yield row(f"processor time of a process, {size} MP", seconds, "{:.2f} s")


def memory(figures: Figures) -> Iterator[str]:
    for size in dict.fromkeys(one.megapixels for one in figures.whole):
        megabytes = {one.tool: one.megabytes for one in figures.whole if one.megapixels == size}
        yield row(f"peak memory, {size} MP", megabytes, "{:.0f} MB")


def cost(figures: Figures) -> Iterator[str]:
    if figures.scaling:
        dollars = {one.tool: best(one).dollars_for_1000 for one in figures.scaling}
        size = figures.scaling[0].megapixels
        yield row(f"Lambda's price for 1,000 photos of {size} MP, cheapest setting", dollars, "${:.3f}")


def best(scaling: Scaling) -> Setting:
    return cheapest(settings(scaling.seconds_by_processors))


def net(figures: Figures) -> Iterator[str]:
    if figures.net:
        yield row("the net alone", {one.tool: one.seconds for one in figures.net}, "{:.3f} s")
        shares = {one.tool: 100 * one.share_of_gemm for one in figures.net}
        yield row("the net's arithmetic, of the rate of a matrix product", shares, "{:.0f} %", more_is_better=True)


def agreement(figures: Figures) -> Iterator[str]:
    if figures.agreement:
        apart = figures.agreement.values()
        yield f"| the mattes differ, on average over a photo, by {min(apart):.4f} to {max(apart):.4f} of 1 | | | |"


def row(name: str, values: dict[str, float], form: str, *, more_is_better: bool = False) -> str:
    shown = [form.format(values[tool]) if tool in values else "" for tool in (CUTOUT, REMBG)]
    if len(values) < 2:
        return f"| {name} | {shown[0]} | {shown[1]} | |"
    ratio = values[CUTOUT] / values[REMBG] if more_is_better else values[REMBG] / values[CUTOUT]
    return f"| {name} | {shown[0]} | {shown[1]} | {ratio:.1f} |"


def stages(figures: Figures) -> list[str]:
    """Milliseconds by stage. rembg has no stage for colours at soft edges: it leaves them as they are."""
    if not figures.warm:
        return []
    names = dict.fromkeys(stage for one in figures.warm for stage in one.stages)
    lines = [f"| milliseconds, warm | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for one in figures.warm:
        cells = (f"{1000 * one.stages[name]:.0f}" if name in one.stages else "" for name in names)
        lines.append(f"| {one.tool}, {one.megapixels} MP | {' | '.join(cells)} |")
    return lines


def lambda_settings(figures: Figures) -> list[str]:
    """Seconds of a warm photo, and dollars for 1,000, by memory."""
    if not figures.scaling:
        return []
    tools = [one.tool for one in figures.scaling]
    by_tool = [settings(one.seconds_by_processors) for one in figures.scaling]
    titles = " | ".join(f"{tool}: seconds | for 1,000" for tool in tools)
    lines = [f"| memory | processors | {titles} | |", "|---" * (2 * len(tools) + 3) + "|"]
    for row_of_tools in zip(*by_tool, strict=True):
        first = row_of_tools[0]
        cells = " | ".join(f"{one.seconds:.2f} | ${one.dollars_for_1000:.3f}" for one in row_of_tools)
        origin = "measured" if first.is_measured else "by Amdahl's law"
        lines.append(f"| {first.megabytes:,} MB | {first.processors:.2f} | {cells} | {origin} |")
    return lines


def start(figures: Figures) -> list[str]:
    """What a start of the function consists of."""
    if not figures.start:
        return []
    parts = [f"| {part} | {1000 * seconds:.0f} |" for part, seconds in figures.start.items()]
    imports = [f"| of it {package} | {1000 * seconds:.0f} |" for package, seconds in figures.imports.items()]
    lines = ["| the function's start | milliseconds |", "|---|---|"]
    for part in parts:
        lines += [part, *(imports if part.startswith("| import") else [])]
    return lines
