"""What a person relies on who hands files to `cutout up` or `make demo`: each has its outcome, or an error says why."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from infra.local.outcomes import OutcomeEvent, OutcomeMissing
from infra.local.up import Upload, described, outcome_of_video, upload_and_wait

if TYPE_CHECKING:
    from tests.infra.local.conftest import Toy


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"content of " + name.encode())
    return [folder / name for name in names]


def test_photos_and_videos_are_waited_for_together(toy: "Toy", tmp_path: Path) -> None:
    given = files(tmp_path, "up.jpg", "up.MP4", "up-too.mov")

    outcomes = upload_and_wait(toy.aws, given, tmp_path / "results")

    assert {file.name: outcome.detail["upload"]["key"] for file, outcome in outcomes.items()} == {
        file.name: file.name for file in given
    }
    assert ["report" in outcome.detail for outcome in outcomes.values()] == [False, True, True]


def test_what_was_made_is_saved_under_its_key(toy: "Toy", tmp_path: Path) -> None:
    upload_and_wait(toy.aws, files(tmp_path, "makes-output.mp4"), tmp_path / "results")

    assert (tmp_path / "results" / "makes-output.mp4.mp4").read_bytes() == b"made of content of makes-output.mp4"
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["makes-output.mp4.mp4"]


def test_a_video_whose_job_failed_for_good_is_not_waited_for(toy: "Toy", tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="because its job failed for good") as caught:
        upload_and_wait(toy.aws, files(tmp_path, "fails-up.mp4"), tmp_path)

    assert "at work on fails-up.mp4" in caught.value.message


def test_a_video_that_no_job_is_at_work_for_is_not_waited_for_either(toy: "Toy", tmp_path: Path) -> None:
    with pytest.raises(OutcomeMissing, match=r"no outcome of lost\.mp4 .* although no job is at work"):
        outcome_of_video(toy.aws, Upload(tmp_path, "lost.mp4", "1"), lambda _: None, idle_timeout_seconds=0.5)


def test_progress_is_shown_while_a_job_is_at_work(toy: "Toy", tmp_path: Path) -> None:
    version = toy.upload("tells-progress.mp4")
    shown: list[str] = []

    outcome_of_video(toy.aws, Upload(tmp_path, "tells-progress.mp4", version), shown.append)

    assert ", frame 3 of 4" in shown


def detail(**more: Any) -> dict[str, Any]:
    return {
        "upload": {"key": "a.mp4"},
        "outputs": [{"key": "a.mp4.mp4"}, {"key": "a.mp4.mask.mp4"}],
        "seconds": {"fetch": 0.5, "encode": 1.25},
        "verdict": {"subject_share": 0.314},
        **more,
    }


def report(lost: int = 0, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"frames_in": 20, "frames_out": 20, "frames_lost": lost, "flicker": 0.0123, "notes": list(notes)}


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (
            OutcomeEvent("Background Removed", detail()),
            "a.mp4: a.mp4.mp4, a.mp4.mask.mp4 in 1.75 s, subject 31%",
        ),
        (
            OutcomeEvent("Background Removed", detail(report=report())),
            "a.mp4: a.mp4.mp4, a.mp4.mask.mp4 in 1.75 s, subject 31%, 20 frames, flicker 0.012.",
        ),
        (
            OutcomeEvent("Background Removed", detail(report=report(lost=3, notes=("It ends early.",)))),
            "a.mp4: a.mp4.mp4, a.mp4.mask.mp4 in 1.75 s, subject 31%, 20 frames, 3 lost, flicker 0.012. It ends early.",
        ),
        (
            OutcomeEvent(
                "Background Removal Failed",
                {"upload": {"key": "a.mp4"}, "error": {"message": "It is broken.", "code": "unreadable_video"}},
            ),
            "a.mp4: It is broken. [unreadable_video]",
        ),
    ],
)
def test_an_outcome_is_told_in_a_line(outcome: OutcomeEvent, line: str) -> None:
    assert described(outcome) == line
