"""If these fail, `make gallery` shows other edges or colours than the tools made, or a photo makes it end early."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Matte, Pixels
from tests.benchmarks.gallery import photos, sheet
from tests.benchmarks.gallery.__main__ import NOTEBOOK, strip, studied, written
from tests.benchmarks.gallery.page import page
from tests.benchmarks.gallery.photos import Photo
from tests.benchmarks.gallery.removals import Layer, Removal, read, removal
from tests.benchmarks.gallery.windows import Window, most_outlined
from tests.benchmarks.photo_peer.tools import CUTOUT, CUTOUT_FAST, REMBG
from tests.benchmarks.photo_peer.worker import Done, PhotoRefused

RED = (200, 10, 30)
VERDICT = {"subject_share": 0.5, "border_contact": 0.0, "soft_edge_share": 0.01, "holes": 0, "confidence": 0.9}


def matte_with(*soft: Window, shape: tuple[int, int] = (200, 300)) -> Matte:
    """Full alpha in the left half, none in the right, and half of it in the windows `soft`."""
    matte = np.zeros(shape, np.uint8)
    matte[:, : shape[1] // 2] = 255
    for window in soft:
        window.of(matte)[:] = 128
    return matte


def plain(matte: Matte) -> Layer:
    return Layer(np.full((*matte.shape, 3), RED, np.uint8), matte)


def saved(layer: Layer, path: Path) -> Path:
    Image.fromarray(np.dstack([layer.pixels, layer.alpha])).save(path)
    return path


def done(folder: Path, name: str = "a.png") -> Removal:
    """A photo that both tools did, one of them more softly."""
    photo = saved(plain(np.full((200, 300), 255, np.uint8)), folder / name)
    soft = {REMBG: Window(20, 30, 40), CUTOUT: Window(20, 30, 30)}
    files = {tool: saved(plain(matte_with(window)), folder / f"{name}.{tool}.png") for tool, window in soft.items()}
    return Removal(Photo(photo), files, {REMBG: Done(2.0), CUTOUT: Done(0.5, verdict=VERDICT)}, {})


def test_windows_are_where_the_matte_is_soft_along_an_outline_the_most_of_it_first() -> None:
    matte = np.zeros((200, 300), np.uint8)
    matte[100:] = 255
    for column in range(200, 240, 8):
        matte[20:60, column : column + 3] = 128
    hairs, edge, *_ = most_outlined([matte, matte], side=50, count=4)
    assert (hairs.of(matte) == 128).sum() == 5 * 3 * 40
    assert {0, 255} == set(edge.of(matte).ravel())


def test_windows_stay_apart_and_within_the_picture() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 140), np.uint8)
    windows = most_outlined([noise], side=40, count=9)
    covered = np.zeros(noise.shape, int)
    for window in windows:
        assert window.of(noise).shape == (40, 40)
        window.of(covered)[:] += 1
    assert covered.max() == 1
    assert len(windows) >= 3


def test_a_matte_without_an_outline_has_no_windows() -> None:
    assert most_outlined([np.full((50, 60), 255, np.uint8)], side=40, count=4) == []


def test_a_picture_smaller_than_a_window_is_shown_whole() -> None:
    assert most_outlined([matte_with(shape=(30, 50))], side=60, count=1)[0].side == 30


@pytest.mark.parametrize(
    ("ground", "mixed"), [("white", (227, 132, 142)), ("black", (100, 5, 15)), ("green", (100, 93, 47))]
)
def test_a_cutout_over_a_ground_is_mixed_by_its_alpha(ground: str, mixed: tuple[int, int, int]) -> None:
    soft = Window(0, 140, 20)
    shown = sheet.laid_over(plain(matte_with(soft)), ground)
    assert tuple(shown[100, 10]) == RED
    assert tuple(shown[100, 290]) == sheet.GROUNDS[ground]
    assert shown[10, 150] == pytest.approx(mixed, abs=1)


@pytest.mark.parametrize("size", [(40, 60), (400, 600), (3000, 4000)])
def test_zoomed_edges_show_each_pixel_as_a_square(size: tuple[int, int]) -> None:
    photo = Layer(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8), np.full(size, 255, np.uint8))
    side = sheet.edge_side(photo)
    crop = Window(0, 0, min(side, *size)).of(photo.pixels)
    shown = sheet.enlarged(crop)
    times = len(shown) // len(crop)
    assert max(shown.shape) <= sheet.EDGE_PIXELS
    assert np.array_equal(shown[::times, ::times], crop)


def test_edges_show_the_photo_and_the_tools_side_by_side(tmp_path: Path) -> None:
    row = sheet.edge_rows(studied(done(tmp_path)), ("white", "black"))[0]
    assert [tile.caption for tile in row] == [
        "photo",
        f"{REMBG} over white",
        f"{CUTOUT} over white",
        f"{REMBG} over black",
        f"{CUTOUT} over black",
    ]
    assert tuple(row[0].pixels[0, 0]) == RED
    assert share_of(row[3].pixels, (100, 5, 15)) > share_of(row[4].pixels, (100, 5, 15)) > 0


def test_a_tool_that_made_nothing_is_left_out_of_the_sheets(tmp_path: Path) -> None:
    both = studied(done(tmp_path))
    alone = sheet.Study(both.photo, {CUTOUT: both.cutouts[CUTOUT]}, both.windows)
    assert sheet.whole(alone).height < sheet.whole(both).height
    assert len(sheet.edge_rows(alone)[0]) == 4


def test_a_subject_is_shown_with_the_holes_that_subtracting_the_photo_makes(tmp_path: Path) -> None:
    photo = plain(np.full((200, 300), 255, np.uint8))
    photo.pixels[50:60, 20:40] = 255
    path = saved(photo, tmp_path / "a.png")
    fast = saved(Layer(photo.pixels, matte_with()), tmp_path / "a.fast.png")
    study = studied(Removal(Photo(path), {CUTOUT_FAST: fast}, {CUTOUT_FAST: Done(0.5)}, {}))
    shown = study.cutouts[NOTEBOOK].alpha
    assert set(shown[50:60, 20:40].ravel()) == {0}
    assert (shown != matte_with()).sum() == 10 * 20
    holes = strip([study])[-1][1]
    assert holes.caption == f"{NOTEBOOK} over green"
    assert share_of(holes.pixels, sheet.GROUNDS["green"]) > 0


def share_of(pixels: Pixels, colour: tuple[int, int, int]) -> float:
    return float((np.abs(pixels.astype(int) - colour) <= 1).all(axis=2).mean())


class Links(HTMLParser):
    """What a page shows and where it leads: places of its own, and files."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(html)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id"]
        self.targets += [value for name, value in attrs if name in ("href", "src")]


def test_the_page_leads_to_every_photo_and_shows_files_that_are_beside_it(tmp_path: Path) -> None:
    shown = [done(tmp_path, name) for name in ("a.png", "50% <&> #2.png")]
    links = Links(page(shown, {one.photo.path: written(studied(one), tmp_path / one.photo.path.name) for one in shown}))
    files = [unquote(target) for target in links.targets if not target.startswith("#")]
    assert [target for target in links.targets if target.startswith("#")] == [f"#{place}" for place in links.ids]
    assert len(links.ids) == 2
    assert len(files) == 2 * (2 + 2 * 2)
    assert all((tmp_path / file).is_file() for file in files)


def test_the_page_says_seconds_ratio_and_verdict(tmp_path: Path) -> None:
    html = page([done(tmp_path)], {})
    assert "<td>2.00</td><td>0.50</td><td>4.0</td><td>0.90</td>" in html
    assert "cutout: 0.50 s, subject 50% of the picture, soft edges 1.0%" in html


class Refusing:
    def photo(self, source: Path, _: Path) -> Done:
        raise PhotoRefused(f"{source.name} shows <nothing>.")


def test_a_photo_that_a_tool_refuses_is_on_the_page_with_the_reason(tmp_path: Path) -> None:
    refused = removal(Photo(tmp_path / "letter.jpg"), tmp_path, {CUTOUT: Refusing()})
    html = page([refused], {})
    assert "cutout refused it: letter.jpg shows &lt;nothing&gt;." in html


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SystemExit, match="no photo"):
        photos.of_folder(tmp_path)
    with pytest.raises(SystemExit, match="no folder"):
        photos.of_folder(tmp_path / "missing")


def test_the_photos_of_our_own_are_what_scikit_image_brings(tmp_path: Path) -> None:
    own = photos.own(tmp_path)
    assert len(own) == 4
    assert all(photo.credit and read(photo.path).alpha.min() == 255 for photo in own)
