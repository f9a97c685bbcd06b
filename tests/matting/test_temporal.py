"""If these fail, the edges of moving subjects shimmer, or leave ghosts behind, or one scene shows in the next."""

import itertools

import cv2
import numpy as np
import pytest
import skimage.data

from cutout.arrays import Floats, Pixels
from cutout.matting.motion import Break, Motion, Steps, View, quick_flow
from cutout.matting.temporal import REPEATS_HELD, Stabiliser
from tests.benchmarks.measures import dtssd, iou, mae
from tests.benchmarks.sequences import Sequence

ROUNDING = 1e-6
"""Flow in several threads isn't the same to the last bit from run to run."""


def shimmering(truth: Floats) -> Floats:
    """`truth` as a net might see it: in each frame other blotches, a few per cent of the frame wide, come and go."""
    rng = np.random.default_rng(3)
    blotches = [cv2.GaussianBlur(rng.normal(0, 1, matte.shape), (0, 0), 5) for matte in truth]
    return np.clip(truth + np.stack([0.25 * blotch / blotch.std() for blotch in blotches]), 0, 1).astype(np.float32)


def plain_median(maps: Floats) -> Floats:
    middle = np.median(np.stack([maps[:-2], maps[1:-1], maps[2:]]), axis=0)
    return np.concatenate([maps[:1], middle, maps[-1:]])


def stabilised(frames: Pixels, maps: Floats, stabiliser: Stabiliser | None = None) -> Floats:
    stabiliser, steps = stabiliser or Stabiliser(), Steps()
    finals = [final for frame, own in zip(frames, maps, strict=True) for final in stabiliser.push(steps.to(frame), own)]
    return np.stack(finals + stabiliser.flush())


@pytest.mark.parametrize(("name", "of_error", "of_change"), [("slow", 0.85, 0.7), ("bending", 0.9, 0.8)])
def test_shimmer_fades_and_the_truth_comes_nearer(
    name: str, of_error: float, of_change: float, request: pytest.FixtureRequest
) -> None:
    sequence: Sequence = request.getfixturevalue(name)
    shimmer = shimmering(sequence.truth)
    calm = stabilised(sequence.frames, shimmer)
    assert mae(sequence.truth, calm) < of_error * mae(sequence.truth, shimmer)
    assert dtssd(sequence.truth, calm) < of_change * dtssd(sequence.truth, shimmer)


def test_a_subject_that_moves_fast_has_no_ghost(fast: Sequence) -> None:
    assert iou(fast.truth, plain_median(fast.truth)) < 0.95, "the subject isn't fast enough to tell"
    assert iou(fast.truth, stabilised(fast.frames, fast.truth)) > 0.995
    shimmer = shimmering(fast.truth)
    assert iou(fast.truth, stabilised(fast.frames, shimmer)) > iou(fast.truth, shimmer) - 0.005


@pytest.mark.parametrize("name", ["slow", "fast", "bending"])
def test_maps_that_are_true_stay_so(name: str, request: pytest.FixtureRequest) -> None:
    sequence: Sequence = request.getfixturevalue(name)
    assert mae(sequence.truth, stabilised(sequence.frames, sequence.truth)) < 0.0002


@pytest.mark.parametrize("place", range(1, 5))
def test_nothing_of_one_scene_shows_in_the_next(slow: Sequence, fast: Sequence, place: int) -> None:
    one, other = (slow.frames[:place], slow.truth[:place]), (fast.frames[: 5 - place], fast.truth[: 5 - place])
    together = stabilised(*(np.concatenate(parts) for parts in zip(one, other, strict=True)))
    np.testing.assert_allclose(together, np.concatenate([stabilised(*one), stabilised(*other)]), atol=ROUNDING)


def test_a_cut_that_the_maps_would_hide_is_found(slow: Sequence, fast: Sequence, bending: Sequence) -> None:
    motion = Motion(quick_flow())
    for one, other in [(slow, fast), (fast, bending), (bending, slow)]:
        assert motion.between(View.of(one.frames[3]), View.of(other.frames[4])) is None


def panned(photo: Pixels, pixels: int) -> tuple[Pixels, Pixels]:
    return photo[100:420, 100:420].copy(), photo[100:420, 100 + pixels : 420 + pixels].copy()


@pytest.mark.parametrize("pixels", [5, 20, 50])
def test_a_pan_is_no_cut(pixels: int) -> None:
    earlier, later = panned(skimage.data.stereo_motorcycle()[0], pixels)
    assert Motion(quick_flow()).between(View.of(earlier), View.of(later)) is not None


@pytest.mark.parametrize(("gain", "level"), [(1.5, 40), (0.3, 150), (0.4, 0)])
def test_a_flash_is_no_cut(slow: Sequence, gain: float, level: float) -> None:
    lit = np.clip(slow.frames[4] * gain + level, 0, 255).astype(np.uint8)
    assert Motion(quick_flow()).between(View.of(slow.frames[3]), View.of(lit)) is not None


def test_fast_motion_is_no_cut(fast: Sequence) -> None:
    views = [View.of(frame) for frame in fast.frames]
    for earlier, later in itertools.pairwise(views):
        assert Motion(quick_flow()).between(earlier, later) is not None


@pytest.mark.parametrize("count", [1, 2])
def test_a_frame_without_two_neighbours_keeps_its_map(slow: Sequence, count: int) -> None:
    own = shimmering(slow.truth)[:count]
    np.testing.assert_array_equal(stabilised(slow.frames[:count], own), own)


def test_without_frames_there_are_no_maps() -> None:
    assert Stabiliser().flush() == []


def test_maps_come_one_frame_late(slow: Sequence) -> None:
    stabiliser, steps = Stabiliser(), Steps()
    given = [len(stabiliser.push(steps.to(frame), own)) for frame, own in zip(slow.frames, slow.truth, strict=True)]
    assert given == [0] + [1] * (len(slow.frames) - 1)
    assert len(stabiliser.flush()) == 1


def test_repeated_frames_have_one_map_as_good_as_that_of_a_single_one(slow: Sequence) -> None:
    shimmer, times = shimmering(slow.truth), REPEATS_HELD + 1
    repeated = stabilised(np.repeat(slow.frames, times, axis=0), np.repeat(shimmer, times, axis=0))
    np.testing.assert_allclose(repeated, np.repeat(stabilised(slow.frames, shimmer), times, axis=0), atol=ROUNDING)


def test_a_still_of_any_length_is_not_piled_up(slow: Sequence) -> None:
    stabiliser, steps, own, given = Stabiliser(), Steps(), shimmering(slow.truth), []
    given += stabiliser.push(steps.to(slow.frames[0]), own[0])
    for number in range(50):
        given += stabiliser.push(steps.to(slow.frames[1].copy()), own[1 + number % 2])
        assert number + 2 - len(given) <= REPEATS_HELD + 1
    given += stabiliser.push(steps.to(slow.frames[2]), own[2]) + stabiliser.flush()
    assert len(given) == 52
    for final in given[1:51]:
        np.testing.assert_array_equal(final, own[1])


def test_a_stabiliser_starts_anew_after_the_last_frame(slow: Sequence) -> None:
    stabiliser, own = Stabiliser(), shimmering(slow.truth)
    first = stabilised(slow.frames[:4], own[:4], stabiliser)
    np.testing.assert_allclose(stabilised(slow.frames[:4], own[:4], stabiliser), first, atol=ROUNDING)


def test_flicker_is_the_change_of_the_maps_along_the_motion(slow: Sequence) -> None:
    stabiliser = Stabiliser()
    brightening = np.stack([np.full((320, 320), 0.1 * number, np.float32) for number in range(len(slow.frames))])
    stabilised(slow.frames, brightening, stabiliser)
    assert stabiliser.flicker == pytest.approx(0.1, abs=1e-4)


def test_flicker_tells_shimmer_from_motion(slow: Sequence) -> None:
    still, shimmer = Stabiliser(), Stabiliser()
    stabilised(slow.frames, slow.truth, still)
    stabilised(slow.frames, shimmering(slow.truth), shimmer)
    assert still.flicker < 0.002
    assert shimmer.flicker > 10 * still.flicker


def test_a_cut_is_no_flicker(slow: Sequence, fast: Sequence) -> None:
    stabiliser = Stabiliser()
    nothing, everything = np.zeros((3, 320, 320), np.float32), np.ones((3, 320, 320), np.float32)
    frames = np.concatenate([slow.frames[:3], fast.frames[:3]])
    stabilised(frames, np.concatenate([nothing, everything]), stabiliser)
    assert stabiliser.flicker < 1e-6


def test_what_is_given_stays_as_it_is(slow: Sequence) -> None:
    frames, own = slow.frames.copy(), shimmering(slow.truth)
    before = own.copy()
    stabilised(frames, own)
    np.testing.assert_array_equal(own, before)
    np.testing.assert_array_equal(frames, slow.frames)


@pytest.mark.parametrize("own", [np.zeros((320, 320), np.float64), np.zeros((160, 160), np.float32)])
def test_maps_of_another_kind_are_refused(own: Floats) -> None:
    with pytest.raises(ValueError, match="was due"):
        Stabiliser().push(Break.CUT, own)


@pytest.mark.parametrize("frame", [np.zeros((320, 320, 4), np.uint8), np.zeros((320, 320, 3), np.float32)])
def test_frames_of_another_kind_are_refused(frame: Pixels) -> None:
    with pytest.raises(ValueError, match="was due"):
        Steps().to(frame)


def test_a_scene_that_does_not_begin_and_end_with_a_map_is_refused(slow: Sequence) -> None:
    stabiliser, steps = Stabiliser(), Steps()
    with pytest.raises(ValueError, match="was due"):
        stabiliser.push(steps.to(slow.frames[0]), None)
    stabiliser.push(Break.CUT, slow.truth[0])
    stabiliser.push(steps.to(slow.frames[1]), None)
    with pytest.raises(ValueError, match="was due"):
        stabiliser.push(Break.CUT, slow.truth[2])
