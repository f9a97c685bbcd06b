"""The page that shows the sheets."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from tests.benchmarks.gallery.removals import MODEL, Removal
from tests.benchmarks.photo_peer.tools import CUTOUT, REMBG
from tests.benchmarks.photo_peer.worker import Done

HERE = Path(__file__).parent


def page(removals: Sequence[Removal], sheets: Mapping[Path, Sequence[Path]]) -> str:
    """HTML with a row of figures and a section for each of `removals`.

    `sheets` are by photo, where there are any, and in the folder where the page goes.
    """
    return template("page.html").substitute(
        peer=escape(REMBG),
        model=escape(MODEL),
        rows="\n".join(map(row, removals)),
        sections="\n".join(section(removal, sheets.get(removal.photo.path, ())) for removal in removals),
    )


def template(name: str) -> Template:
    return Template((HERE / name).read_text(encoding="utf-8"))


def row(removal: Removal) -> str:
    """Name, seconds of both tools, their ratio, and cutout's confidence; what there is not is left empty."""
    ours, theirs = (removal.done.get(tool) for tool in (CUTOUT, REMBG))
    cells = [
        f'<a href="#{anchor(removal)}">{escape(removal.photo.path.name)}</a>',
        f"{theirs.seconds:.2f}" if theirs else "refused",
        f"{ours.seconds:.2f}" if ours else "refused",
        f"{theirs.seconds / ours.seconds:.1f}" if ours and theirs else "",
        f"{ours.verdict['confidence']:.2f}" if ours else "",
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def section(removal: Removal, sheets: Sequence[Path]) -> str:
    pictures = (linked(sheet, f'<img src="{quote(sheet.name)}" alt="{escape(sheet.stem)}">') for sheet in sheets)
    return template("section.html").substitute(
        anchor=anchor(removal),
        name=escape(removal.photo.path.name),
        credit=escape(removal.photo.credit),
        words="\n".join(f"<p>{escape(line)}</p>" for line in words(removal)),
        cutouts=" ".join(linked(file, escape(file.name)) for file in removal.files.values()),
        sheets="\n".join(pictures),
    )


def linked(file: Path, shown: str) -> str:
    return f'<a href="{quote(file.name)}">{shown}</a>'


def anchor(removal: Removal) -> str:
    return quote(removal.photo.path.name)


def words(removal: Removal) -> Iterator[str]:
    """What the tools say of their work."""
    for tool, done in removal.done.items():
        yield f"{tool}: {done.seconds:.2f} s{verdict(done)}."
    for tool, reason in removal.refused.items():
        yield f"{tool} refused it: {reason}"


def verdict(done: Done) -> str:
    if not done.verdict:
        return ""
    return (
        ", subject {subject_share:.0%} of the picture, soft edges {soft_edge_share:.1%},"
        " {border_contact:.0%} of the border, holes {holes}, confidence {confidence:.2f}"
    ).format_map(done.verdict)
