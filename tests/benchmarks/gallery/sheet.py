"""Contact sheets: photo, peer and cutout over plain grounds, whole and at their edges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cutout.arrays import Pixels
from cutout.matting.composite import filled, over
from tests.benchmarks.gallery.removals import Layer
from tests.benchmarks.gallery.windows import Window

GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 177, 64)}
PAPER, INK, MARK = (238, 238, 238), (34, 34, 34), (255, 0, 200)
GAP_PIXELS, CAPTION_PIXELS, MARK_PIXELS = 8, 24, 2
WHOLE_PIXELS, EDGE_PIXELS, EDGE_SHARE = 330, 240, 8
FONT = ImageFont.load_default(16)


@dataclass(frozen=True)
class Study:
    """A photo, what each tool made of it, and the places to look at closely.

    `holes_share`: of the photo, by area, what the notebook lost of the subject. The last window shows most of it.
    """

    photo: Layer
    cutouts: Mapping[str, Layer]
    windows: Sequence[Window]
    holes_share: float = 0


class Tile(NamedTuple):
    """A picture, RGB uint8, and the words above it."""

    caption: str
    pixels: Pixels


def grid(rows: Sequence[Sequence[Tile]]) -> Image.Image:
    """`rows` of tiles, in cells of one size."""
    width = max(tile.pixels.shape[1] for row in rows for tile in row) + GAP_PIXELS
    height = max(tile.pixels.shape[0] for row in rows for tile in row) + CAPTION_PIXELS + GAP_PIXELS
    size = (width * max(map(len, rows)) + GAP_PIXELS, height * len(rows) + GAP_PIXELS)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        for column, tile in enumerate(row):
            left, top = GAP_PIXELS + column * width, GAP_PIXELS + number * height
            draw.text((left, top), tile.caption, INK, FONT)
            sheet.paste(Image.fromarray(tile.pixels), (left, top + CAPTION_PIXELS))
    return sheet


def whole(study: Study) -> Image.Image:
    """A row for each tool: the photo, in the last row with the windows marked, the matte, and all over each ground."""
    photo = fitted(laid_over(study.photo, "white"), WHOLE_PIXELS)
    marked = photo.copy()
    for window in study.windows:
        mark(marked, window, marked.shape[1] / study.photo.pixels.shape[1])
    firsts = [*[Tile("photo", photo)] * (len(study.cutouts) - 1), Tile("edges that are zoomed", marked)]
    return grid([[first, *whole_tiles(*cutout)] for first, cutout in zip(firsts, study.cutouts.items(), strict=True)])


def whole_tiles(tool: str, cutout: Layer) -> Iterator[Tile]:
    yield Tile(f"matte of {tool}", fitted(np.dstack([cutout.alpha] * 3), WHOLE_PIXELS))
    for ground in GROUNDS:
        yield Tile(f"{tool} over {ground}", fitted(laid_over(cutout, ground), WHOLE_PIXELS))


def edge_rows(study: Study, grounds: Sequence[str] = tuple(GROUNDS)) -> list[list[Tile]]:
    """A row for each window, enlarged: the photo, and over each ground the tools side by side."""
    return [[*edge_tiles(study, window, grounds)] for window in study.windows]


def edge_tiles(study: Study, window: Window, grounds: Sequence[str]) -> Iterator[Tile]:
    yield Tile("photo", enlarged(laid_over(cropped(study.photo, window), "white")))
    for ground in grounds:
        for tool, cutout in study.cutouts.items():
            yield Tile(f"{tool} over {ground}", enlarged(laid_over(cropped(cutout, window), ground)))


def cropped(layer: Layer, window: Window) -> Layer:
    return Layer(window.of(layer.pixels), window.of(layer.alpha))


def edge_side(photo: Layer) -> int:
    """How many pixels of `photo` a zoomed square shows: about an eighth of the longer side, none of them shrunk."""
    times = round(EDGE_PIXELS * EDGE_SHARE / max(photo.pixels.shape[:2]))
    return EDGE_PIXELS // max(1, times)


def laid_over(layer: Layer, ground: str) -> Pixels:
    return over(layer.pixels, layer.alpha, filled(GROUNDS[ground], layer.pixels))


def fitted(pixels: Pixels, side: int) -> Pixels:
    """`pixels` scaled so that the longer side is `side`."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def enlarged(pixels: Pixels) -> Pixels:
    """`pixels` as many times as fit, each to be seen as a square."""
    times = max(1, EDGE_PIXELS // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def mark(pixels: Pixels, window: Window, scale: float) -> None:
    """Draw the outline of `window`, of a picture that was scaled by `scale`."""
    corners = [round(at * scale) for at in (window.left, window.top)]
    opposite = [round((at + window.side) * scale) - 1 for at in (window.left, window.top)]
    cv2.rectangle(pixels, corners, opposite, MARK, MARK_PIXELS)
