"""If these fail, a wrong deployment is found out by its first upload instead of at its door."""

from pathlib import Path

import pytest

from cutout.errors import InvalidSettings
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import Options
from cutout.settings import CommandLineSettings, ImageSettings

REQUIRED = {"CUTOUT_OUTPUT_BUCKET": "out", "CUTOUT_RESULT_BUS": "bus", "CUTOUT_IDEMPOTENCY_TABLE": "table"}


def test_what_the_template_sets_is_read() -> None:
    settings = ImageSettings.from_environment(
        REQUIRED
        | {
            "CUTOUT_WEIGHTS_DIR": "/w",
            "CUTOUT_MODEL": "u2netp",
            "CUTOUT_LIMIT_MEGABYTES": "5",
            "CUTOUT_LIMIT_MEGAPIXELS": "7",
        }
    )
    assert settings == ImageSettings(
        "out", "bus", "table", Path("/w"), Options(model=Model.U2NETP), Limits(megabytes=5, megapixels=7)
    )


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
    ],
)
def test_a_wrong_default_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings):
        ImageSettings.from_environment(REQUIRED | {name: value})


def test_weights_live_in_the_users_cache_unless_told_otherwise() -> None:
    assert CommandLineSettings.from_environment({}).weights_directory == Path.home() / ".cache/cutout/weights"
    assert CommandLineSettings.from_environment({"XDG_CACHE_HOME": "/c"}).weights_directory == Path("/c/cutout/weights")
    assert CommandLineSettings.from_environment({"CUTOUT_WEIGHTS_DIR": "/w"}).weights_directory == Path("/w")
