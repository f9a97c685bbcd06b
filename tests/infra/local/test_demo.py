"""If these fail, `make demo` overwrites a person's file, or shows them a picture of something else."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from PIL import Image

from infra.local.clip import write_clip
from infra.local.demo import FOLDER, given, own, show
from infra.local.outcomes import OutcomeEvent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FOLDER.mkdir()


def removed(key: str) -> OutcomeEvent:
    return OutcomeEvent("Background Removed", {"outputs": [{"key": key}]})


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(click.ClickException, match=r"no file absent\.mp4"):
        given(Path("absent.mp4"))


def test_a_file_among_the_results_is_not_taken() -> None:
    (FOLDER / "a.jpg").touch()
    with pytest.raises(click.ClickException, match="Move it elsewhere"):
        given(FOLDER / "a.jpg")


def test_a_file_of_ones_own_takes_the_place_of_both() -> None:
    Path("a.jpg").touch()
    assert given(Path("a.jpg")) == [Path("a.jpg")]


def test_without_one_there_is_a_photo_and_a_clip() -> None:
    photo, clip = own()
    assert size_of(photo) == (600, 400)
    assert clip.stat().st_size > 10_000


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def write_photo(path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(path)


@pytest.mark.parametrize(
    ("name", "write", "result", "picture", "size"),
    [
        ("a.png", write_photo, "a.png.png", "before-after.jpg", (1200, 400)),
        ("a.MP4", write_clip, "a.MP4.mp4", "before-after-video.jpg", (1280, 426)),
    ],
)
def test_the_picture_is_made_of_the_file_and_its_result(
    name: str, write: Callable[[Path], None], result: str, picture: str, size: tuple[int, int]
) -> None:
    write(Path(name))
    write(FOLDER / result)

    said = show(Path(name), removed(result))

    assert str(FOLDER / result) in said
    assert str(FOLDER / picture) in said
    assert size_of(FOLDER / picture) == size
