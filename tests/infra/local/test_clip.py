"""The clip that `make demo` makes. If it is wrong, a person's first look at the project shows nothing."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from infra.local.clip import FRAMES, HEIGHT, RATE, TONE_HERTZ, WIDTH, cup_matte, frames, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clip(path)
    return path


@pytest.fixture
def opened(clip: Path) -> Iterator["av.container.InputContainer"]:
    with av.open(str(clip)) as container:
        yield container


def test_it_is_a_small_mp4_with_pictures_and_sound(clip: Path, opened: "av.container.InputContainer") -> None:
    video, audio = opened.streams.video[0], opened.streams.audio[0]

    assert (video.codec_context.name, video.width, video.height, video.average_rate) == ("h264", WIDTH, HEIGHT, RATE)
    assert (audio.codec_context.name, audio.layout.name) == ("aac", "stereo")
    assert clip.stat().st_size < 1_000_000


def test_pictures_and_sound_last_for_two_seconds(opened: "av.container.InputContainer") -> None:
    times = [frame.time for frame in opened.decode(video=0)]
    opened.seek(0)
    samples = sum(frame.samples for frame in opened.decode(audio=0))

    assert times == pytest.approx([number / RATE for number in range(FRAMES)])
    assert samples / 44_100 == pytest.approx(2, abs=0.1)


def test_the_sound_is_a_tone_that_can_be_heard(opened: "av.container.InputContainer") -> None:
    wave = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(wave))

    assert np.abs(wave).max() > 0.1
    assert spectrum.argmax() * 44_100 / len(wave) == pytest.approx(TONE_HERTZ, abs=2)


def test_the_cup_is_found_and_moves_over_what_stands_still() -> None:
    first, *_, last = frames()
    red = [(picture[..., 0].astype(int) - picture[..., 2] > 90) for picture in (first, last)]
    first_column, last_column = (np.nonzero(each)[1].mean() for each in red)

    assert last_column - first_column == pytest.approx(160, abs=20)
    np.testing.assert_array_equal(first[:20, -20:], last[:20, -20:])


def test_the_matte_has_the_cup_and_not_the_table() -> None:
    import skimage.data

    from infra.local.clip import half

    matte = cup_matte(half(skimage.data.coffee()))

    assert matte.shape == (200, 300)
    assert matte[60:80, 130:150].min() > 0.9
    assert matte[:, :30].max() == matte[:, -40:].max() == 0
    assert 0.3 < matte.mean() < 0.6
