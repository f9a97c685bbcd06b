"""If these fail, `make bench` ends without figures, or its ratios and prices are wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from tests.benchmarks.photo_peer.figures import Figures, Folder, Scaling, Whole
from tests.benchmarks.photo_peer.lambda_price import SETTINGS_MEGABYTES, cheapest, settings
from tests.benchmarks.photo_peer.readme import BEGIN, END, put_into
from tests.benchmarks.photo_peer.table import markdown
from tests.benchmarks.photo_peer.tools import CUTOUT, REMBG, cutout
from tests.benchmarks.photo_peer.worker import PhotoRefused, Worker

SMALLEST = ["--alone", "--model", "u2netp", "--megapixels", "1", "--rounds", "1", "--only", "warm", "whole", "start"]


def test_the_smallest_run_ends_with_a_table(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.photo_peer", *SMALLEST, "--output", str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    table = (tmp_path / "bench.md").read_text()
    assert table in printed
    for row in ("JPEG of 1 MP to PNG, warm", "peak memory, 1 MP", "cutout, 1 MP", "import handler", "first photo"):
        assert row in table


def test_a_worker_says_why_it_refuses_a_photo_and_takes_the_next(tmp_path: Path) -> None:
    empty, photo, target = (tmp_path / name for name in ("empty.jpg", "photo.png", "cutout.png"))
    empty.touch()
    Image.fromarray(skimage.data.coffee()).save(photo)
    tool = cutout("u2netp")
    with Worker(tool.worker, tool.environment) as worker:
        with pytest.raises(PhotoRefused, match="The file is empty"):
            worker.photo(empty, target)
        assert worker.photo(photo, target).verdict["subject_share"] > 0.2
    assert target.is_file()


def test_a_ratio_above_one_is_cutouts_advantage_in_time_in_memory_and_in_rate() -> None:
    whole = [
        Whole(CUTOUT, 1, seconds=1, processor_seconds=1.5, megabytes=400),
        Whole(REMBG, 1, seconds=3, processor_seconds=6, megabytes=1000),
    ]
    folder = [Folder(CUTOUT, 9, 12, seconds=3), Folder(REMBG, 9, 12, seconds=18)]
    table = markdown(Figures("u2net", "2 processors", 3, whole=whole, folder=folder))
    assert "| process start to the first PNG, 1 MP | 1.00 s | 3.00 s | 3.0 |" in table
    assert "| peak memory, 1 MP | 400 MB | 1000 MB | 2.5 |" in table
    assert "| processor time of a process, 1 MP | 1.50 s | 6.00 s | 4.0 |" in table
    assert "| folder of 9 photos of 12 MP, photos a second | 3.00 | 0.50 | 6.0 |" in table


def test_measured_settings_are_told_from_extrapolated_ones() -> None:
    by_memory = {one.megabytes: one for one in settings({1: 3.0, 2: 2.0})}
    assert list(by_memory) == list(SETTINGS_MEGABYTES)
    assert [megabytes for megabytes, one in by_memory.items() if one.is_measured] == [1769, 3538]
    assert by_memory[1769].seconds == 3.0
    assert by_memory[3538].seconds == 2.0
    assert by_memory[10240].seconds == pytest.approx(1 + 2 / (10240 / 1769))
    assert "by Amdahl's law" in markdown(Figures("u2net", "", 3, scaling=[Scaling(CUTOUT, 12, {1: 3.0, 2: 2.0})]))


def test_a_price_is_seconds_by_gigabytes_and_a_request() -> None:
    best = cheapest(settings({1: 3.0, 2: 2.0}))
    assert best.megabytes == 1769
    assert best.dollars_for_1000 == pytest.approx(3.0 * 1769 / 1024 * 0.0000166667 * 1000 + 0.0002)


def test_more_processors_never_make_a_price_of_less_than_no_time() -> None:
    assert all(one.seconds > 0 for one in settings({1: 3.0, 2: 1.4}))
    assert all(one.seconds == 3.0 for one in settings({1: 3.0, 2: 3.0}))


def test_a_run_replaces_the_tables_of_the_readme_and_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(f"Before.\n\n{BEGIN}\n\n| old |\n\n{END}\n\nAfter.\n")
    put_into(copy, "| new |\n")
    put_into(copy, "| newer |\n")
    assert copy.read_text() == f"Before.\n\n{BEGIN}\n\n| newer |\n\n{END}\n\nAfter.\n"


def test_the_readme_has_a_place_for_the_tables() -> None:
    text = Path("README.md").read_text()
    assert 0 <= text.find(BEGIN) < text.find(END)
