"""If these fail, an animation stops moving, flickers, or is cut to a subject that has gone."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Floats, Pixels
from cutout.errors import InvalidOption, NoSubject, TooLong
from cutout.limits import Limits
from cutout.media.animation import decode_animation
from cutout.options import Options
from cutout.photo_outputs import Result
from cutout.pipeline import remove_background
from cutout.saliency.detector import Detector
from tests.media.profiles import DISPLAY_P3

RED, BLUE = (250, 40, 30), (10, 20, 200)


def photo(left: int | None) -> Pixels:
    """Blue, with a red square that begins at `left`."""
    pixels = np.full((120, 200, 3), BLUE, np.uint8)
    if left is not None:
        pixels[30:90, left : left + 50] = RED
    return pixels


def moving(*lefts: int | None, file_format: str = "PNG") -> bytes:
    first, *others = (Image.fromarray(photo(left)) for left in lefts)
    file = io.BytesIO()
    durations = [50 + 10 * number for number in range(len(lefts))]
    first.save(
        file, file_format, save_all=True, append_images=others, duration=durations, loop=2, icc_profile=DISPLAY_P3
    )
    return file.getvalue()


@pytest.fixture
def remove(painted_detector: Detector) -> Callable[..., Result]:
    def removed(content: bytes, limits: Limits = Limits(), **options: str) -> Result:  # noqa: B008 - frozen
        wanted = Options().updated({"frames": "all", **options})
        return remove_background(content, wanted, painted_detector, limits, lambda _: content)

    return removed


def rgba_of(content: bytes) -> list[Pixels]:
    image = Image.open(io.BytesIO(content))
    frames = []
    for number in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(number)
        frames.append(np.asarray(image.convert("RGBA")))
    return frames


@pytest.mark.parametrize("output", ["png", "webp-lossless"])
def test_every_frame_keeps_its_own_subject_bit_for_bit(remove: Callable[..., Result], output: str) -> None:
    lefts = (10, 50, 90, 130)
    result = remove(moving(*lefts), outputs=output)
    frames = rgba_of(result.renditions[0].content)
    assert len(frames) == len(lefts)
    for left, frame in zip(lefts, frames, strict=True):
        opaque = frame[..., 3] == 255
        np.testing.assert_array_equal(frame[opaque][:, :3], photo(left)[opaque])
        assert opaque[35:85, left + 5 : left + 45].all()
        assert not frame[:25].any()
    animation = decode_animation(result.renditions[0].content, Limits())
    assert animation is not None
    assert (animation.timing.durations_ms, animation.timing.loops) == ((50, 60, 70, 80), 2)
    assert animation.frames[0].icc_profile == DISPLAY_P3


def test_all_outputs_move_and_come_from_one_run_of_the_net(remove: Callable[..., Result]) -> None:
    result = remove(moving(10, 50, 90), outputs="png,webp,webp-lossless,avif,mask")
    assert [rendition.content_type for rendition in result.renditions] == [
        "image/png",
        "image/webp",
        "image/webp",
        "image/avif",
        "image/png",
    ]
    assert all(len(rgba_of(rendition.content)) == 3 for rendition in result.renditions)
    assert list(result.seconds)[:3] == ["decode", "saliency", "stabilise"]
    assert result.verdict.subject_share == pytest.approx(60 * 50 / (120 * 200), abs=0.01)


def test_a_crop_holds_the_subject_of_all_frames(remove: Callable[..., Result]) -> None:
    rendition = remove(moving(20, 60, 100), crop="subject:0%").renditions[0]
    assert abs(rendition.width - 130) <= 3
    assert abs(rendition.height - 60) <= 3


def test_a_frame_without_the_subject_is_empty_and_the_others_are_not(remove: Callable[..., Result]) -> None:
    frames = rgba_of(remove(moving(20, None, 100), shadow="soft").renditions[0].content)
    assert [bool(frame.any()) for frame in frames] == [True, False, True]
    with pytest.raises(NoSubject):
        remove(moving(None, None), outputs="png")


def test_a_background_lies_behind_every_frame(remove: Callable[..., Result]) -> None:
    frames = rgba_of(remove(moving(20, 60), background="key:own.png").renditions[0].content)
    assert [frame[60, 190].tolist() for frame in frames] == [[*BLUE, 255]] * 2


def test_a_still_is_all_of_its_frames(remove: Callable[..., Result]) -> None:
    file = io.BytesIO()
    Image.fromarray(photo(30)).save(file, "PNG")
    assert remove(file.getvalue()).renditions == remove(file.getvalue(), frames="first").renditions


def test_nothing_moves_unless_it_is_asked_for(remove: Callable[..., Result]) -> None:
    (frame,) = rgba_of(remove(moving(20, 60), frames="first").renditions[0].content)
    assert frame[60, 25].tolist() == [*RED, 255]


@pytest.mark.parametrize(
    ("options", "said"),
    [({"outputs": "png,jpg"}, "not jpg"), ({"outputs": "layers"}, "not layers"), ({"matte": "stored"}, "net")],
)
def test_what_cannot_move_is_refused(remove: Callable[..., Result], options: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        remove(moving(20, 60), **options)


def test_limits_hold(remove: Callable[..., Result]) -> None:
    with pytest.raises(TooLong):
        remove(moving(20, 60, 100), Limits(frames=2))


def test_the_net_is_given_as_many_frames_at_once_as_it_likes() -> None:
    class CountingEngine:
        batch_size = 2

        def __init__(self) -> None:
            self.batches: list[int] = []

        def infer(self, batch: Pixels | Floats) -> Floats:
            self.batches.append(len(batch))
            return (batch[..., 0] > batch[..., 2]).astype(np.float32)

    engine = CountingEngine()
    options = Options().updated({"frames": "all"})
    remove_background(moving(20, 40, 60, 80, 100), options, Detector(engine), Limits(), lambda _: b"")
    assert engine.batches == [2, 2, 1]
