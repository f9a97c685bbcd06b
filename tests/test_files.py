"""If these fail, a folder's photos overwrite one another, are missed, or are left half-written."""

from pathlib import Path

import pytest

from cutout.choices import Output
from cutout.errors import InvalidOption, TooManyBytes
from cutout.files import Job, default_output, plan, plan_video, read_whole, write_whole
from cutout.limits import Limits

PNG = (Output.PNG,)
PNG_AND_MASK = (Output.PNG, Output.MASK)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_file_becomes_the_file_that_was_named(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.png"
    touch(source)
    assert plan(source, target, PNG).jobs == (Job(source, {Output.PNG: target}),)
    assert plan(source, target, PNG_AND_MASK).jobs[0].targets[Output.MASK] == tmp_path / "b.mask.png"
    assert plan(source, target, (Output.MASK,)).jobs == (Job(source, {Output.MASK: target}),)
    webp, archive = tmp_path / "b.webp", tmp_path / "b.zip"
    assert plan(source, webp, (Output.WEBP_LOSSLESS,)).jobs == (Job(source, {Output.WEBP_LOSSLESS: webp}),)
    both = plan(source, webp, (Output.WEBP_LOSSLESS, Output.WEBP)).jobs[0].targets
    assert both == {Output.WEBP: webp, Output.WEBP_LOSSLESS: tmp_path / "b.lossless.webp"}
    assert plan(source, archive, (Output.LAYERS,)).jobs == (Job(source, {Output.LAYERS: archive}),)


def test_a_files_ending_decides_its_format() -> None:
    assert [
        default_output(Path(name)) for name in ("a.webp", "a.JPG", "a.jpeg", "a.avif", "a.zip", "a.png", "folder")
    ] == [
        Output.WEBP,
        Output.JPG,
        Output.JPG,
        Output.AVIF,
        Output.LAYERS,
        Output.PNG,
        Output.PNG,
    ]


def test_a_file_named_as_an_output_of_a_folder_is_that_output(tmp_path: Path) -> None:
    for name, output in [
        ("a.lossless.webp", Output.WEBP_LOSSLESS),
        ("a.jpg.mask.png", Output.MASK),
        ("a.layers.zip", Output.LAYERS),
    ]:
        assert default_output(Path(name)) is output
        assert plan(tmp_path / "a.jpg", tmp_path / name, (output,)).jobs[0].targets == {output: tmp_path / name}


@pytest.mark.parametrize("name", ["b.gif", "b.webp"])
def test_a_file_that_cannot_hold_the_outputs_is_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "a.jpg")
    with pytest.raises(InvalidOption):
        plan(tmp_path / "a.jpg", tmp_path / name, PNG)


def test_a_folder_keeps_its_shape_and_names_never_clash(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    touch(photos / "a.jpg", photos / "a.png", photos / "deep" / "B.JPEG", photos / "notes.txt", photos / ".hidden.jpg")
    work = plan(photos, out, PNG)
    assert [job.targets[Output.PNG].relative_to(out).as_posix() for job in work.jobs] == [
        "a.jpg.png",
        "a.png.png",
        "deep/B.JPEG.png",
    ]
    assert work.passed_over == (photos / "notes.txt",)


def test_a_second_run_does_not_take_outputs_for_photos(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "out" / "a.jpg.png")
    assert [job.source.name for job in plan(tmp_path, tmp_path / "out", PNG).jobs] == ["a.jpg"]


def test_a_folder_does_not_fit_into_a_file(tmp_path: Path) -> None:
    touch(tmp_path / "photos" / "a.jpg", tmp_path / "out.png")
    with pytest.raises(InvalidOption):
        plan(tmp_path / "photos", tmp_path / "out.png", PNG)


@pytest.mark.parametrize("name", ["a.png", "."])
def test_no_original_is_overwritten(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "a.png")
    link = tmp_path / f"link{Path(name).suffix}"
    link.symlink_to(tmp_path / name)
    for target in (tmp_path / name, link):
        with pytest.raises(InvalidOption, match=r"replace an original|folder of photos itself"):
            plan(tmp_path / name, target, PNG)


def test_no_original_is_overwritten_by_an_output_beside_the_named_one(tmp_path: Path) -> None:
    touch(tmp_path / "cat.png")
    with pytest.raises(InvalidOption, match="replace an original"):
        plan(tmp_path / "cat.png", tmp_path / "cat.jpg", (Output.JPG, Output.PNG))


def test_a_folder_above_the_photos_can_take_their_outputs(tmp_path: Path) -> None:
    touch(tmp_path / "photos" / "a.jpg")
    assert len(plan(tmp_path / "photos", tmp_path, PNG).jobs) == 1


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "large.tif").write_bytes(bytes(2000))
    with pytest.raises(TooManyBytes):
        read_whole(tmp_path / "large.tif", Limits(megabytes=0.001))


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "a.png", b"whole")
    assert (tmp_path / "new" / "a.png").read_bytes() == b"whole"
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.png"]


@pytest.mark.parametrize(
    ("target", "outputs", "expected"),
    [
        ("cut.mp4", None, {Output.MP4: "cut.mp4"}),
        ("cut.MOV", None, {Output.MOV: "cut.MOV"}),
        ("cut.webm", (Output.WEBM, Output.MASK), {Output.WEBM: "cut.webm", Output.MASK: "cut.mask.mp4"}),
        ("cut.mp4", (Output.MASK,), {Output.MASK: "cut.mp4"}),
        ("cut", None, {Output.MP4: "cut/a.mov.mp4"}),
        ("cut", (Output.MOV, Output.MASK), {Output.MOV: "cut/a.mov.mov", Output.MASK: "cut/a.mov.mask.mp4"}),
    ],
)
def test_a_video_s_outputs_go_where_their_names_say(
    tmp_path: Path, target: str, outputs: tuple[Output, ...] | None, expected: dict[Output, str]
) -> None:
    job = plan_video(tmp_path / "a.mov", tmp_path / target, outputs)
    assert job.targets == {output: tmp_path / name for output, name in expected.items()}
