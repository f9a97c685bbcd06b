"""If these fail, noise becomes a subject, or a subject is lost."""

from collections.abc import Callable

import numpy as np
import pytest

from cutout.arrays import Floats, Pixels
from cutout.errors import NoSubject
from cutout.models import Model
from cutout.saliency.detector import Detector, normalise


def test_the_saliency_map_spans_zero_to_one() -> None:
    normalised = normalise(np.array([[0.1, 0.3], [0.5, 0.9]], np.float32))
    np.testing.assert_allclose(normalised, [[0, 0.25], [0.5, 1]], atol=1e-6)


def test_a_picture_that_is_all_subject_is_kept_whole() -> None:
    everything = np.full((4, 4), 0.97, np.float32)
    np.testing.assert_array_equal(normalise(everything), everything)


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_picture_has_no_subject(detectors: Callable[[Model], Detector], model: Model, grey: int) -> None:
    with pytest.raises(NoSubject):
        normalise(detectors(model).detect([np.full((200, 300, 3), grey, np.uint8)])[0])


def test_images_of_any_size_are_answered_together(detectors: Callable[[Model], Detector], cat: Pixels) -> None:
    detector = detectors(Model.U2NETP)
    together = detector.detect([cat, cat[:, ::-1], cat[:100, :120]])
    assert together.shape == (3, 320, 320)
    np.testing.assert_allclose(together[1], detector.detect([cat[:, ::-1]])[0], atol=1e-4)


def test_a_frame_that_has_the_nets_size_is_seen_as_a_photo_of_that_size_is(
    detectors: Callable[[Model], Detector], cat: Pixels
) -> None:
    detector = detectors(Model.U2NETP)
    frame = cat[:300, :300].repeat(2, axis=0)[:320].repeat(2, axis=1)[:, :320].copy()
    np.testing.assert_allclose(detector.detect_resized(frame[None]), detector.detect([frame]), atol=1e-5)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 320, 300, 3), np.uint8),
        np.zeros((320, 320, 3), np.uint8),
        np.zeros((1, 320, 320, 4), np.uint8),
        np.zeros((1, 320, 320, 3), np.float32),
        np.zeros((0, 320, 320, 3), np.uint8),
    ],
)
def test_frames_of_another_shape_or_depth_are_not_guessed_at(painted_detector: Detector, batch: Pixels) -> None:
    with pytest.raises(ValueError, match="was due"):
        painted_detector.detect_resized(batch)


def test_the_engine_says_how_many_frames_it_is_best_given(painted_detector: Detector) -> None:
    assert painted_detector.batch_size == 4


class BrokenEngine:
    batch_size = 1

    def infer(self, batch: Floats) -> Floats:
        return batch[:, ::2, :, 0]


def test_an_engine_that_breaks_the_contract_is_found_out(cat: Pixels) -> None:
    with pytest.raises(ValueError, match="the engine gave"):
        Detector(BrokenEngine()).detect([cat])
