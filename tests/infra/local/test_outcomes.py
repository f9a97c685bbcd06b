"""How a person learns what became of an upload."""

import time
from typing import TYPE_CHECKING

import pytest

from infra.local.outcomes import OutcomeEvent, OutcomeMissing

if TYPE_CHECKING:
    from tests.infra.local.conftest import Toy


def test_an_upload_that_fails_in_silence_is_reported_with_what_the_function_printed(toy: "Toy") -> None:
    version = toy.upload("crashes-once.jpg")
    toy.aws.outcomes.wait("crashes-once.jpg", version, 20)
    begin = time.monotonic()

    with pytest.raises(OutcomeMissing, match=r"no outcome of missing\.jpg \(version 1\) within 0\.5 s") as caught:
        toy.aws.outcomes.wait("missing.jpg", "1", timeout_seconds=0.5)

    assert time.monotonic() - begin < 3
    assert "Runtime.ExitError" in str(caught.value)


def test_an_outcome_can_be_asked_for_again(toy: "Toy") -> None:
    version = toy.upload("again.jpg")

    assert toy.aws.outcomes.wait("again.jpg", version, 20) == toy.aws.outcomes.wait("again.jpg", version, 0)


@pytest.mark.parametrize("detail", [{}, {"upload": None}, {"upload": {"key": "a.jpg"}}])
def test_an_outcome_that_knows_no_upload_belongs_to_none(detail: dict[str, object]) -> None:
    assert not OutcomeEvent("Background Removal Failed", detail).is_of("a.jpg", "1")
