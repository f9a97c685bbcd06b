"""If these fail, an animation comes back faster, slower, shorter, or with frames that it never had."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from cutout.errors import TooLong, TooManyPixels, UnreadableImage, UnsupportedFormat
from cutout.limits import Limits
from cutout.media.animation import Animation, Timing, decode_animation, encode_animation, encode_mattes
from cutout.media.image import ImageFormat
from cutout.media.picture import Picture
from tests.media.profiles import DISPLAY_P3

Save = Callable[..., bytes]
LOSSLESS = [ImageFormat.PNG, ImageFormat.WEBP_LOSSLESS]
TIMING = Timing((80, 200, 120, 40), loops=3)


@pytest.fixture
def frames() -> list[Picture]:
    """A square that walks over a transparent ground, in colours of a noisy photo."""
    pixels = np.random.default_rng(11).integers(0, 256, (48, 64, 3), np.uint8)
    made = []
    for step in range(4):
        alpha = np.zeros((48, 64), np.uint8)
        alpha[10:30, 8 * step : 8 * step + 20] = np.linspace(0, 255, 20).round()
        made.append(Picture(np.roll(pixels, step, 0), alpha, DISPLAY_P3, (300, 300), "© Ada", "PNG"))
    return made


def at_times(animation: Animation | None) -> list[tuple[float, Picture]]:
    """Every frame with the time at which it goes."""
    assert animation is not None
    ends = np.cumsum(animation.timing.durations_ms)
    return list(zip(ends.tolist(), animation.frames, strict=True))


@pytest.mark.parametrize("image_format", [*LOSSLESS, ImageFormat.WEBP, ImageFormat.AVIF])
def test_frames_times_and_facts_survive(frames: list[Picture], image_format: ImageFormat) -> None:
    again = decode_animation(encode_animation(frames, TIMING, image_format), Limits())
    assert [end for end, _ in at_times(again)] == [80, 280, 400, 440]
    for (_, frame), given in zip(at_times(again), frames, strict=True):
        assert frame.alpha is not None
        np.testing.assert_array_equal(frame.alpha, given.alpha)
        shows = frame.alpha > 0
        if image_format in LOSSLESS:
            np.testing.assert_array_equal(frame.pixels[shows], given.pixels[shows])
        assert (frame.icc_profile, frame.copyright) == (DISPLAY_P3, "© Ada")
        assert frame.dpi == pytest.approx((300, 300), abs=0.02)
    assert again is not None
    assert again.timing.loops == (0 if image_format is ImageFormat.AVIF else 3)


def test_mattes_move_in_grey(frames: list[Picture]) -> None:
    mattes = [frame.alpha for frame in frames if frame.alpha is not None]
    image = Image.open(io.BytesIO(encode_mattes(mattes, TIMING)))
    for number, matte in enumerate(mattes):
        image.seek(number)
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), matte)


def painted(colours: Sequence[tuple[int, int, int]]) -> list[Image.Image]:
    return [Image.new("RGB", (40, 20), colour) for colour in colours]


@pytest.mark.parametrize("loop", [None, 0, 4])
@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP"])
def test_what_others_wrote_is_read_as_they_meant_it(file_format: str, loop: int | None, save: Save) -> None:
    first, *others = painted([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    if file_format == "WEBP":
        options["lossless"] = True
    data = save(first, file_format, save_all=True, append_images=others, duration=[50, 300, 70], **options)
    animation = decode_animation(data, Limits())
    assert animation is not None
    assert animation.timing.durations_ms == (50, 300, 70)
    assert animation.timing.loops == (loop if loop is not None else 1 if file_format == "GIF" else 0)
    assert [frame.pixels[10, 20].tolist() for frame in animation.frames] == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_the_still_for_viewers_without_animation_is_no_frame(save: Save) -> None:
    still, *others = painted([(9, 9, 9), (0, 255, 0), (0, 0, 255)])
    data = save(still, "PNG", save_all=True, append_images=others, default_image=True, duration=100)
    animation = decode_animation(data, Limits())
    assert animation is not None
    assert [frame.pixels[0, 0].tolist() for frame in animation.frames] == [[0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "JPEG", "TIFF", "MPO"])
def test_pages_and_stills_do_not_move(file_format: str, save: Save) -> None:
    first, *others = painted([(255, 0, 0), (0, 255, 0)])
    pages = {"save_all": True, "append_images": others} if file_format in ("TIFF", "MPO") else {}
    assert decode_animation(save(first, file_format, **pages), Limits()) is None


def test_limits_hold_for_all_frames_together(save: Save) -> None:
    first, *others = painted([(number, 0, 0) for number in range(10)])
    data = save(first, "WEBP", save_all=True, append_images=others, lossless=True)
    assert decode_animation(data, Limits(megapixels=0.008, frames=10)) is not None
    with pytest.raises(TooManyPixels, match=r"10 frames of 40 x 20 pixels, above the limit of 0\.0079"):
        decode_animation(data, Limits(megapixels=0.0079))
    with pytest.raises(TooLong, match="10 frames, and the limit is 9"):
        decode_animation(data, Limits(frames=9))


def test_a_gif_without_end_is_not_walked_through(save: Save) -> None:
    first, *others = painted([(number, 0, 0) for number in range(10)])
    data = save(first, "GIF", save_all=True, append_images=others)
    assert len(at_times(decode_animation(data, Limits(frames=10)))) == 10
    with pytest.raises(TooLong, match="more than 9 frames, and the limit is 9"):
        decode_animation(data, Limits(frames=9))
    last_frame = data[data.rindex(b"\x21\xf9") : -1]
    with pytest.raises(TooLong):
        decode_animation(data[:-1] + last_frame * 1_000_000, Limits())


def test_an_animation_cut_short_is_refused(save: Save) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (4, 40, 40, 3), np.uint8)
    first, *others = (Image.fromarray(frame) for frame in noise)
    for file_format in ("GIF", "PNG", "WEBP"):
        data = save(first, file_format, save_all=True, append_images=others)
        with pytest.raises(UnreadableImage):
            decode_animation(data[: len(data) * 6 // 10], Limits())


def test_formats_of_one_picture_hold_no_more(frames: list[Picture]) -> None:
    with pytest.raises(ValueError, match="jpg holds one picture"):
        encode_animation(frames, TIMING, ImageFormat.JPEG)


def test_sixteen_bits_that_move_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, save: Save) -> None:
    first, *others = painted([(255, 0, 0), (0, 255, 0)])
    data = save(first, "PNG", save_all=True, append_images=others)
    monkeypatch.setattr("cutout.media.animation.is_sixteen_bit_png", lambda _: True)
    with pytest.raises(UnsupportedFormat, match="16 bits"):
        decode_animation(data, Limits())


def test_every_orientation_turns_every_frame(
    unturned: dict[int, npt.NDArray[np.uint8]], quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    first = Image.fromarray(unturned[6])
    others = [Image.fromarray(255 - unturned[6])]
    animation = decode_animation(
        save(first, "WEBP", save_all=True, append_images=others, lossless=True, exif=exif), Limits()
    )
    assert animation is not None
    np.testing.assert_array_equal(animation.frames[0].pixels, quarters)
    np.testing.assert_array_equal(animation.frames[1].pixels, 255 - quarters)
