"""The figures as a picture, by the peer's Python, which has matplotlib: `python plot.py FIGURES.json PICTURE.png`."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def stages(axes: Any, warm: list[dict[str, Any]]) -> None:
    """A bar for each tool and size, one colour a stage."""
    bars = sorted(warm, key=lambda one: one["megapixels"])
    labels = [f"{one['tool'].split()[0]}, {one['megapixels']} MP" for one in bars]
    names = dict.fromkeys(stage for one in warm for stage in one["stages"])
    ends = [0.0] * len(bars)
    for name in names:
        lengths = [one["stages"].get(name, 0) for one in bars]
        axes.barh(labels, lengths, left=ends, label=name)
        ends = [end + length for end, length in zip(ends, lengths, strict=True)]
    axes.invert_yaxis()
    axes.set(title="JPEG to PNG, warm", xlabel="seconds")
    axes.legend(fontsize="small")


def whole(axes: Any, figures: list[dict[str, Any]], field: str, title: str, unit: str) -> None:
    """A bar for each tool and size."""
    sizes = sorted({one["megapixels"] for one in figures})
    tools = list(dict.fromkeys(one["tool"] for one in figures))
    for number, tool in enumerate(tools):
        heights = [next(one[field] for one in figures if (one["tool"], one["megapixels"]) == (tool, s)) for s in sizes]
        axes.bar([place + 0.4 * number for place in range(len(sizes))], heights, 0.4, label=tool)
    axes.set_xticks([place + 0.2 * (len(tools) - 1) for place in range(len(sizes))], [f"{size} MP" for size in sizes])
    axes.set(title=title, ylabel=unit)
    axes.legend(fontsize="small")


def main(source: str, target: str) -> None:
    figures = json.loads(Path(source).read_text())
    figure, ((upper_left, upper_right), (lower_left, lower_right)) = plt.subplots(2, 2, figsize=(13, 9))
    figure.suptitle(f"{figures['model']}, {figures['machine']}, medians of {figures['rounds']}")
    stages(upper_left, figures["warm"])
    whole(upper_right, figures["whole"], "megabytes", "Peak memory of a process", "MB")
    whole(lower_left, figures["whole"], "seconds", "From the start of a process to a PNG", "seconds")
    lower_right.set(title="Lambda's price for 1,000 photos", xlabel="MB of memory", ylabel="dollars")
    for tool, line in figures["prices"].items():
        lower_right.plot(line["megabytes"], line["dollars"], marker="o", label=tool)
    if figures["prices"]:
        lower_right.set_ylim(bottom=0)
        lower_right.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
