"""If these fail, a user gets another picture than was asked for, or no word why."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.choices import (
    PHOTO_OUTPUTS,
    VIDEO_OUTPUTS,
    Blur,
    Colour,
    NoShadow,
    Output,
    PictureAt,
    SoftShadow,
    Subject,
    Transparent,
    WholePicture,
)
from cutout.errors import InvalidOption
from cutout.limits import Limits
from cutout.models import Model
from cutout.options import Options, from_metadata
from cutout.pipeline import remove_background
from cutout.saliency.detector import Detector


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
        ("shadow", "none", NoShadow()),
        ("shadow", "soft", SoftShadow(40)),
        ("shadow", "soft:25%", SoftShadow(25)),
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
        ("crop", "subject:"),
        ("shadow", "hard"),
        ("shadow", "soft:"),
        ("shadow", "soft:101%"),
        ("edges", "sharp"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(name: str, text: str) -> None:
    with pytest.raises(InvalidOption, match=r"one of|options are|takes|is .*,|lists|go from"):
        Options().updated({name: text})


@pytest.mark.parametrize(
    ("check", "text", "possible"),
    [
        (Options.check_for_photo, {"outputs": "png,mp4"}, "png, webp, webp-lossless, jpg, avif, mask, layers"),
        (Options.check_for_video, {"outputs": "mp4,png"}, "mp4, webm, mov, mask"),
        (Options.check_for_video, {"outputs": "mp4", "crop": "subject"}, "none"),
        (Options.check_for_video, {"outputs": "mp4", "shadow": "soft"}, "none"),
        (Options.check_for_video, {"outputs": "mp4", "matte": "stored"}, "net"),
    ],
)
def test_what_a_photo_or_a_video_cannot_become_is_refused_with_what_it_can(
    check: Callable[[Options], None], text: dict[str, str], possible: str
) -> None:
    with pytest.raises(InvalidOption, match=possible):
        check(Options().updated(text))


def test_what_a_photo_and_a_video_can_become_is_not_refused() -> None:
    Options(outputs=PHOTO_OUTPUTS, crop=Subject(5)).check_for_photo()
    Options(outputs=VIDEO_OUTPUTS, background=Blur(3)).check_for_video()
    assert {*PHOTO_OUTPUTS, *VIDEO_OUTPUTS} == set(Output)


def test_no_two_files_made_of_one_upload_have_the_same_name() -> None:
    assert [output.ending for output in PHOTO_OUTPUTS] == [
        ".png",
        ".webp",
        ".lossless.webp",
        ".jpg",
        ".avif",
        ".mask.png",
        ".layers.zip",
    ]
    assert [output.video_ending for output in VIDEO_OUTPUTS] == [".mp4", ".webm", ".mov", ".mask.mp4"]


def test_no_photo_is_made_into_a_film(painted_detector: Detector) -> None:
    with pytest.raises(InvalidOption, match="photo"):
        remove_background(b"", Options(outputs=(Output.MP4,)), painted_detector, Limits(), lambda _: b"")


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
    shadow=st.one_of(st.just(NoShadow()), st.builds(SoftShadow, st.integers(0, 100).map(float))),
)


@given(every_option)
def test_options_written_on_an_output_can_be_asked_for_again(options: Options) -> None:
    assert Options().updated(options.as_text()) == options
