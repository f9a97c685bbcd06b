from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cutout.arrays import Pixels
from cutout.cli import main
from cutout.media.image import ImageFormat, encode
from cutout.media.picture import Picture
from tests.clips import Clip, decoded, make_clip


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["video", *map(str, words)])


@pytest.fixture
def clip(tmp_path: Path, cat: Pixels) -> Path:
    """Two frames of a cat."""
    height, width = (side - side % 2 for side in cat.shape[:2])
    return make_clip(
        tmp_path / "cat.mov", Clip(width=width, height=height, pts=(0, 1)), lambda *_: cat[:height, :width]
    )


def test_a_clip_becomes_what_its_output_is_named_like_and_a_report_says_how(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "cut.webm"
    result = run(clip, target, "--model", "u2netp")
    assert result.exit_code == 0, result.output
    assert len(decoded(target, alpha=True)) == 2
    for words in (
        f"Wrote {target}",
        "2 in, 2 out, 0 lost to damage",
        "2 of 2 frames",
        "0.080 s in, 0.080 s out",
        "flicker",
        "saliency",
    ):
        assert words in result.output


def test_a_folder_gets_each_output_under_the_video_s_name(clip: Path, tmp_path: Path) -> None:
    result = run(clip, tmp_path / "cut", "--outputs", "mp4,mask", "--model", "u2netp", "--background", "teal")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {"cat.mov.mp4", "cat.mov.mask.mp4"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cut.png"], "ends with none of .mp4, .m4v, .webm, .mov"),
        (["cut.mp4", "--outputs", "png"], "not png"),
        (["cut.mp4", "--outputs", "webm"], "named like mp4"),
        (["cat.mov"], "would replace an original"),
        (["cut.mp4", "--background", "nonsense"], "background is transparent"),
        (["cut.mp4", "--limit-megapixels", "0.01"], "too_many_pixels"),
        (["cut.mp4", "--limit-minutes", "0.001"], "too_long"),
        (["cut.mp4", "--background", "key:nowhere.png"], "nowhere.png can't be read"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    clip: Path, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clip.parent)
    result = run(clip.name, *words, "--model", "u2netp")
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output
    assert sorted(path.name for path in clip.parent.iterdir()) == ["cat.mov"]


def test_a_photo_is_no_video(tmp_path: Path, cat: Pixels) -> None:
    photo = tmp_path / "cat.mp4"
    photo.write_bytes(encode(Picture(cat, None, None, None, None, "PNG"), ImageFormat.PNG))
    result = run(photo, tmp_path / "cut.mp4", "--model", "u2netp")
    assert result.exit_code == 1
    assert "PNG photo" in result.output
    assert "unsupported_format" in result.output


def test_help_teaches() -> None:
    text = " ".join(run("--help").output.split())
    for word in ("--background", "--outputs", "no alpha", "Examples", "--limit-minutes"):
        assert word in text
