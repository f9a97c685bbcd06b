"""If these fail, a wrong deployment is found out by its first upload instead of at its door."""

from pathlib import Path

import pytest

from cutout.choices import Colour, Output
from cutout.errors import InvalidSettings
from cutout.limits import Limits, VideoLimits
from cutout.models import Model
from cutout.options import Options
from cutout.settings import CommandLineSettings, ImageSettings, VideoSettings

REQUIRED = {"CUTOUT_OUTPUT_BUCKET": "out", "CUTOUT_RESULT_BUS": "bus", "CUTOUT_IDEMPOTENCY_TABLE": "table"}


def test_what_the_template_sets_is_read() -> None:
    settings = ImageSettings.from_environment(
        REQUIRED
        | {
            "CUTOUT_WEIGHTS_DIR": "/w",
            "CUTOUT_MODEL": "u2netp",
            "CUTOUT_LIMIT_MEGABYTES": "5",
            "CUTOUT_LIMIT_MEGAPIXELS": "7",
            "CUTOUT_LIMIT_FRAMES": "12",
            "CUTOUT_VIDEO_JOBS": "true",
            "CUTOUT_INPUT_BUCKET": "in",
            "CUTOUT_REVIEW_BELOW": "0.8",
        }
    )
    options, limits = Options(model=Model.U2NETP), Limits(megabytes=5, megapixels=7, frames=12)
    assert settings == ImageSettings("out", "bus", "table", Path("/w"), options, limits, True, "in", 0.8)


@pytest.mark.parametrize("environment", [{}, {"CUTOUT_VIDEO_JOBS": ""}, {"CUTOUT_VIDEO_JOBS": "false"}])
def test_videos_are_left_to_nobody_unless_they_have_a_job(environment: dict[str, str]) -> None:
    assert not ImageSettings.from_environment(REQUIRED | environment).leaves_videos


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        ImageSettings.from_environment({key: value for key, value in REQUIRED.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUTOUT_MODEL", "u3net"),
        ("CUTOUT_LIMIT_MEGABYTES", "many"),
        ("CUTOUT_LIMIT_MEGABYTES", "0"),
        ("CUTOUT_LIMIT_MEGAPIXELS", "inf"),
        ("CUTOUT_LIMIT_MEGAPIXELS", "nan"),
        ("CUTOUT_OUTPUTS", "mp4"),
        ("CUTOUT_VIDEO_JOBS", "yes"),
        ("CUTOUT_REVIEW_BELOW", "80"),
        ("CUTOUT_REVIEW_BELOW", "nan"),
        ("CUTOUT_REVIEW_BELOW", "low"),
    ],
)
def test_a_wrong_default_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings):
        ImageSettings.from_environment(REQUIRED | {name: value})


REQUIRED_OF_VIDEOS = REQUIRED | {"AWS_BATCH_JOB_ID": "job-1"}


def test_what_the_job_definition_and_batch_set_is_read() -> None:
    settings = VideoSettings.from_environment(
        REQUIRED_OF_VIDEOS
        | {
            "CUTOUT_WEIGHTS_DIR": "/w",
            "CUTOUT_MODEL": "u2netp",
            "CUTOUT_OUTPUTS": "webm,mask",
            "CUTOUT_BACKGROUND": "white",
            "CUTOUT_LIMIT_MEGABYTES": "5",
            "CUTOUT_LIMIT_MEGAPIXELS": "7",
            "CUTOUT_LIMIT_MINUTES": "0.5",
            "CUTOUT_REVIEW_BELOW": "0.7",
            "AWS_BATCH_JOB_ATTEMPT": "2",
        }
    )
    options = Options(
        model=Model.U2NETP, outputs=(Output.WEBM, Output.MASK), background=Colour(red=255, green=255, blue=255)
    )
    limits = VideoLimits(megabytes=5, megapixels=7, minutes=0.5)
    assert settings == VideoSettings("out", "bus", "table", Path("/w"), "job-1", "2", options, limits, 0.7)
    assert (limits.bytes, limits.pixels, limits.seconds) == (5_000_000, 7_000_000, 30)


def test_a_video_becomes_an_mp4_and_may_last_an_hour_unless_told_otherwise() -> None:
    settings = VideoSettings.from_environment(REQUIRED_OF_VIDEOS)
    assert settings.options == Options(outputs=(Output.MP4,))
    assert settings.limits == VideoLimits(megabytes=10_000, megapixels=10, minutes=60)


@pytest.mark.parametrize("name", REQUIRED_OF_VIDEOS)
def test_what_the_video_job_misses_is_named(name: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        VideoSettings.from_environment({key: value for key, value in REQUIRED_OF_VIDEOS.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUTOUT_OUTPUTS", "png"),
        ("CUTOUT_CROP", "subject:5%"),
        ("CUTOUT_LIMIT_MEGABYTES", "0"),
        ("CUTOUT_LIMIT_MINUTES", "many"),
        ("CUTOUT_LIMIT_MINUTES", "inf"),
    ],
)
def test_a_wrong_default_for_videos_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings):
        VideoSettings.from_environment(REQUIRED_OF_VIDEOS | {name: value})


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
@pytest.mark.parametrize("unit", ["megabytes", "megapixels", "minutes"])
def test_there_is_no_video_without_limits(unit: str, value: float) -> None:
    with pytest.raises(ValueError, match=unit):
        VideoLimits(**{unit: value})


def test_weights_live_in_the_users_cache_unless_told_otherwise() -> None:
    assert CommandLineSettings.from_environment({}).weights_directory == Path.home() / ".cache/cutout/weights"
    assert CommandLineSettings.from_environment({"XDG_CACHE_HOME": "/c"}).weights_directory == Path("/c/cutout/weights")
    assert CommandLineSettings.from_environment({"CUTOUT_WEIGHTS_DIR": "/w"}).weights_directory == Path("/w")
