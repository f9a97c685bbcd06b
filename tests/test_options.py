"""If these fail, a user gets another picture than was asked for, or no word why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import InvalidOption
from cutout.models import Model
from cutout.options import (
    Blur,
    Colour,
    Options,
    Output,
    PictureAt,
    Subject,
    Transparent,
    WholePicture,
    from_metadata,
)


def test_nothing_said_means_a_transparent_png_of_the_full_net() -> None:
    assert Options() == Options(model=Model.U2NET, outputs=(Output.PNG,), background=Transparent(), crop=WholePicture())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("model", "u2netp", Model.U2NETP),
        ("model", " U2NET ", Model.U2NET),
        ("outputs", "png, mask,png", (Output.PNG, Output.MASK)),
        ("background", "transparent", Transparent()),
        ("background", "white", Colour(255, 255, 255)),
        ("background", "#0a141e", Colour(10, 20, 30)),
        ("background", "rgb(1, 2, 3)", Colour(1, 2, 3)),
        ("background", "hsl(120, 100%, 50%)", Colour(0, 255, 0)),
        ("background", "blur:12", Blur(12)),
        ("background", "key:studio/a:b.jpg", PictureAt("studio/a:b.jpg")),
        ("crop", "none", WholePicture()),
        ("crop", "subject", Subject(0)),
        ("crop", "subject:7.5%", Subject(7.5)),
    ],
)
def test_each_option_is_read(name: str, text: str, expected: object) -> None:
    assert getattr(Options().updated({name: text}), name) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("modle", "u2net"),
        ("model", "u3net"),
        ("outputs", ""),
        ("outputs", "png,exe"),
        ("background", "#12345678"),
        ("background", "blurry"),
        ("background", "rgb(300, 0, 0)"),
        ("background", "hsl(0, 200%, 50%)"),
        ("background", "x" * 10_000),
        ("background", "blur:" + "1" * 5000),
        ("background", "blur:0"),
        ("background", "blur:9999"),
        ("background", "blur:²"),
        ("background", "key:"),
        ("crop", "subject:101%"),
        ("crop", "subject:-1%"),
        ("crop", "none:5%"),
        ("edges", "sharp"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(name: str, text: str) -> None:
    with pytest.raises(InvalidOption, match=r"one of|options are|takes|is .*,|lists|go from"):
        Options().updated({name: text})


def test_a_refusal_repeats_little_of_what_it_refuses() -> None:
    with pytest.raises(InvalidOption) as refused:
        Options().updated({"background": "x" * 300_000})
    assert len(str(refused.value)) < 300


def test_only_metadata_with_our_prefix_is_ours() -> None:
    assert from_metadata({"Cutout-Model": "u2netp", "author": "me"}) == {"model": "u2netp"}


def test_what_is_not_said_keeps_its_default() -> None:
    defaults = Options(outputs=(Output.WEBP,))
    assert defaults.updated({"model": "u2netp"}) == Options(model=Model.U2NETP, outputs=(Output.WEBP,))


every_option = st.builds(
    Options,
    model=st.sampled_from(Model),
    outputs=st.lists(st.sampled_from(Output), min_size=1, unique=True).map(tuple),
    background=st.one_of(
        st.just(Transparent()),
        st.builds(Colour, *[st.integers(0, 255)] * 3),
        st.builds(Blur, st.integers(1, 500)),
        st.builds(PictureAt, st.text("abc/.: -", min_size=1).map(str.strip).filter(bool)),
    ),
    crop=st.one_of(st.just(WholePicture()), st.builds(Subject, st.integers(0, 100).map(float))),
)


@given(every_option)
def test_options_written_on_an_output_can_be_asked_for_again(options: Options) -> None:
    assert Options().updated(options.as_text()) == options
