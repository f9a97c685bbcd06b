"""If these fail, a user at the terminal loses work, or a traceback is all that is said."""

import shutil
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cutout.arrays import Pixels
from cutout.choices import Output
from cutout.cli import main
from cutout.cli_image import remove_backgrounds
from cutout.files import plan
from cutout.limits import Limits
from cutout.saliency import engines, gate
from cutout.saliency.precision import Bits


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=env)


@pytest.fixture
def photo(tmp_path: Path, cat: Pixels) -> Path:
    path = tmp_path / "photos" / "cat.jpg"
    path.parent.mkdir()
    Image.fromarray(cat).save(path)
    return path


def test_help_teaches_by_example() -> None:
    assert "image" in run("--help").output
    assert "cutout image cat.jpg cat.png" in run("image", "--help").output
    assert "SHA-256" in run("weights", "fetch", "--help").output


def test_a_photo_becomes_a_cutout(photo: Path, tmp_path: Path) -> None:
    result = run("image", photo, tmp_path / "cut.png", "--model", "u2netp", "--mask")
    assert result.exit_code == 0, result.output
    assert f"Wrote {tmp_path / 'cut.png'}" in result.output
    with Image.open(tmp_path / "cut.png") as image, Image.open(tmp_path / "cut.mask.png") as matte:
        assert (image.mode, image.size, matte.mode) == ("RGBA", (451, 300), "L")


def test_options_mean_what_they_mean_in_metadata(photo: Path, tmp_path: Path) -> None:
    arguments = ("--model", "u2netp", "--background", "#102030", "--crop", "subject:2%", "--outputs", "webp")
    result = run("image", photo, tmp_path / "out", *arguments)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "out" / "cat.jpg.webp") as image:
        assert image.mode == "RGB"
        assert np.abs(np.array(image.getpixel((0, 0))) - [0x10, 0x20, 0x30]).max() < 8


def test_a_folder_goes_on_past_bad_files_and_says_which_failed(photo: Path, tmp_path: Path) -> None:
    (photo.parent / "broken.jpg").write_bytes(photo.read_bytes()[:3000])
    Image.new("RGB", (99, 99), "grey").save(photo.parent / "nothing.png")
    (photo.parent / "notes.txt").write_text("notes")
    result = run("image", photo.parent, tmp_path / "out", "--model", "u2netp")
    assert result.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cat.jpg.png"]
    assert "broken.jpg" in result.output
    assert "[unreadable_image]" in result.output
    assert "[no_subject]" in result.output
    assert "notes.txt" in result.output
    assert "2 of 3 photos failed" in result.output


def test_another_variant_needs_no_net_once_the_matte_is_there(photo: Path, tmp_path: Path) -> None:
    assert run("image", photo, tmp_path / "cut.png", "--model", "u2netp", "--mask").exit_code == 0
    no_weights = {"CUTOUT_WEIGHTS_DIR": str(tmp_path)}
    again = run("image", photo, tmp_path / "again.png", "--matte", tmp_path / "cut.mask.png", env=no_weights)
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "cut.png").read_bytes()
    assert run("image", photo.parent, tmp_path / "out", "--matte", tmp_path / "cut.mask.png").exit_code == 2
    refused = run("image", photo, tmp_path / "no.png", "--matte", photo)
    assert "in colour" in refused.output
    assert "[invalid_option]" in refused.output


def test_photos_of_a_folder_are_the_same_as_photos_alone(photo: Path, tmp_path: Path) -> None:
    """Several are worked on at once, with one net."""
    sizes = [(300, 200), (640, 480), (120, 90)]
    with Image.open(photo) as cat:
        for number, size in enumerate(sizes):
            cat.resize(size).save(photo.parent / f"{number}.jpg")
    assert run("image", photo.parent, tmp_path / "out", "--model", "u2netp").exit_code == 0
    for number, size in enumerate(sizes):
        alone = tmp_path / f"{number}.png"
        assert run("image", photo.parent / f"{number}.jpg", alone, "--model", "u2netp").exit_code == 0
        with Image.open(alone) as expected, Image.open(tmp_path / "out" / f"{number}.jpg.png") as together:
            assert together.size == size
            assert np.abs(np.asarray(expected).astype(int) - np.asarray(together)).max() <= 1


def test_after_ctrl_c_no_other_photo_is_begun(photo: Path, tmp_path: Path) -> None:
    for number in range(20):
        (photo.parent / f"{number}.jpg").write_bytes(photo.read_bytes())
    begun: list[bytes] = []

    def remove(content: bytes) -> NoReturn:
        begun.append(content)
        time.sleep(0.05)
        raise KeyboardInterrupt

    work = plan(photo.parent, tmp_path / "out", (Output.PNG,))
    with pytest.raises(KeyboardInterrupt):
        remove_backgrounds(work, remove, Limits(), at_once=2)
    assert len(begun) < 20


def test_failures_are_named_in_the_order_of_the_folder(photo: Path, tmp_path: Path) -> None:
    for name in "edcba":
        (photo.parent / f"{name}.jpg").write_bytes(photo.read_bytes()[: ord(name)])
    result = run("image", photo.parent, tmp_path / "out", "--model", "u2netp")
    named = [line.split(":")[0] for line in result.output.splitlines() if line.endswith("_image]")]
    assert [Path(name).name for name in named] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--background", "blurry"), "background is transparent"),
        (("--model", "u3net"), "model is one of u2net, u2netp"),
        (("--outputs", "exe"), "outputs is one of"),
        (("--outputs", "webp"), "is named like png"),
    ],
)
def test_a_wrong_option_is_named_before_any_work(
    photo: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run("image", photo, tmp_path / "cut.png", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("engine", "said"), [("auto", "cutout weights compile"), ("torch", "cutout weights fetch --model u2net")]
)
def test_missing_weights_come_with_the_command_that_gets_them(
    photo: Path, tmp_path: Path, engine: str, said: str
) -> None:
    result = run("image", photo, tmp_path / "cut.png", "--engine", engine, env={"CUTOUT_WEIGHTS_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert said in result.output


def test_what_was_fetched_is_compiled_and_no_more(tmp_path: Path, weights_directory: Path) -> None:
    env = {"CUTOUT_WEIGHTS_DIR": str(tmp_path)}
    assert "cutout weights fetch" in run("weights", "compile", env=env).output
    shutil.copy(weights_directory / "u2netp.onnx", tmp_path)
    result = run("weights", "compile", env=env)
    assert result.exit_code == 0
    assert "u2netp: compiled" in result.output
    assert "u2net:" not in result.output


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("image", tmp_path / "empty", tmp_path / "out").exit_code == 1


def test_weights_are_fetched_once(tmp_path: Path) -> None:
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(b"weights")
    sha256 = "9e5e79b6dd2e3a9a2a1d"
    env = {"CUTOUT_WEIGHTS_DIR": str(tmp_path / "cache")}
    refused = run("weights", "fetch", "--model", "u2net", "--from", mine, "--sha256", sha256, env=env)
    assert refused.exit_code == 1
    actual = refused.output.split("--sha256 ")[1].split(".")[0]
    arguments = ("weights", "fetch", "--model", "u2net", "--from", mine, "--sha256", actual)
    assert "u2net: fetched" in run(*arguments, env=env).output
    assert "u2net: there already" in run(*arguments, env=env).output


def test_one_file_cannot_be_the_weights_of_two_nets(tmp_path: Path) -> None:
    assert run("weights", "fetch", "--from", tmp_path / "x.onnx").exit_code == 2


def test_nets_are_measured_in_the_16_bits_that_the_machine_has_and_once(
    tmp_path: Path, weights_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in (*weights_directory.glob("u2netp.*"), *weights_directory.glob("winograd*.so")):
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr(engines, "offered_bits", lambda: [Bits.HALF])
    monkeypatch.setattr(gate, "measure", lambda *_: gate.BOUNDS)
    environment = {"CUTOUT_WEIGHTS_DIR": str(tmp_path)}
    assert "u2netp: finds its subjects as well in f16" in run("weights", "compile", env=environment).output
    assert "u2netp: measured in f16 already" in run("weights", "compile", env=environment).output
