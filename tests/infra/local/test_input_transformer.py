"""If these fail, a job is started for another key than was uploaded, or for none."""

import pytest
from hypothesis import given
from hypothesis.strategies import text

from infra.local.input_transformer import InputTransformer, TransformError

PATHS = {"key": "$.detail.object.key", "etag": "$.detail.object.etag"}
TRANSFORMER = InputTransformer(PATHS, '{"Parameters": {"key": <key>, "etag": <etag>}}')


def event(**entry: object) -> dict[str, object]:
    return {"detail": {"object": entry}}


@given(text(), text())
def test_every_text_arrives_unchanged(key: str, etag: str) -> None:
    assert TRANSFORMER.apply(event(key=key, etag=etag)) == {"Parameters": {"key": key, "etag": etag}}


def test_a_value_that_looks_like_a_placeholder_is_a_value() -> None:
    assert TRANSFORMER.apply(event(key="<etag>", etag="<key>"))["Parameters"] == {"key": "<etag>", "etag": "<key>"}


def test_what_the_event_lacks_is_named() -> None:
    with pytest.raises(TransformError, match=r"\$\.detail\.object\.etag"):
        TRANSFORMER.apply(event(key="a"))
    with pytest.raises(TransformError, match=r"\$\.detail\.object\.key"):
        TRANSFORMER.apply({"detail": "text"})


def test_a_template_that_makes_no_json_is_an_error() -> None:
    with pytest.raises(TransformError, match="makes no JSON"):
        InputTransformer(PATHS, '{"key": "<key>"}').apply(event(key="a", etag="e"))
