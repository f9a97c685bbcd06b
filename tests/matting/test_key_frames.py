"""If these fail, videos on a CPU take twice the time, or what moves fast in them is guessed."""

import cv2
import numpy as np
import pytest
import skimage.data

from cutout.arrays import Pixels, SaliencyMap
from cutout.matting.key_frames import KeyFrames, NetFrames
from cutout.matting.motion import Steps
from cutout.matting.temporal import Stabiliser
from tests.benchmarks.measures import iou, mae
from tests.benchmarks.sequences import Scene, Sequence, kick, stand, tinted


class TrueNet:
    """Knows the matte of each frame, and notes which frames it is asked for."""

    def __init__(self, *sequences: Sequence) -> None:
        self.sequence = Sequence(
            "all", *(np.concatenate([getattr(s, part) for s in sequences]) for part in ("frames", "truth"))
        )
        self.asked: list[int] = []

    def __call__(self, frame: Pixels) -> SaliencyMap:
        number = next(n for n, each in enumerate(self.sequence.frames) if np.array_equal(each, frame))
        self.asked.append(number)
        return self.sequence.truth[number]

    def maps(self) -> tuple[list[bool], np.ndarray]:
        """Of each frame of the clip, whether it is a key frame; and the final maps."""
        steps, key_frames, stabiliser = Steps(), KeyFrames(self), Stabiliser()
        taken = [steps.to(frame) for frame in self.sequence.frames]
        pushed = zip(self.sequence.frames, taken, strict=True)
        own = [each for frame, step in pushed for each in key_frames.push(frame, step)] + key_frames.flush()
        finals = [final for step, each in zip(taken, own, strict=True) for final in stabiliser.push(step, each)]
        return [each is not None for each in own], np.stack(finals + stabiliser.flush())


def test_of_what_can_be_followed_the_net_sees_few_frames_and_the_maps_are_true() -> None:
    horse = 1 - skimage.data.horse().astype(np.float32)
    hide = tinted(skimage.data.brick(), (0.9, 0.9, 0.6))[: horse.shape[0], : horse.shape[1]]
    street = skimage.data.stereo_motorcycle()[0]
    panned = Scene("pan", hide, horse, street, stand, camera=lambda time: (0.012 * time, 0.004 * time)).sequence(9)
    net = TrueNet(panned)
    is_key, finals = net.maps()
    assert len(net.asked) == sum(is_key) <= 5
    assert iou(panned.truth, finals) > 0.99
    assert mae(panned.truth, finals) < 0.002


def test_of_what_moves_too_fast_the_net_sees_each_frame(fast: Sequence) -> None:
    is_key, finals = TrueNet(fast).maps()
    assert np.mean(is_key) > 0.8
    assert iou(fast.truth, finals) > 0.99


def test_a_limb_that_kicks_is_never_guessed() -> None:
    """Whatever else stands still: at every second frame the leg is where it was, and in between it is elsewhere."""
    horse = 1 - skimage.data.horse().astype(np.float32)
    hide = tinted(skimage.data.brick(), (0.9, 0.9, 0.6))[: horse.shape[0], : horse.shape[1]]
    grass = tinted(skimage.data.grass(), (0.8, 1.0, 0.6))
    kicking = Scene("kick", hide, horse, grass, kick, shutter=0.5).sequence(8)
    assert iou(kicking.truth, TrueNet(kicking).maps()[1]) > 0.99
    standing = Scene("stand", hide, horse, grass, stand).sequence(8)
    assert np.mean(TrueNet(kicking).maps()[0]) > 0.8 > np.mean(TrueNet(standing).maps()[0])


def test_a_subject_that_shows_in_one_frame_alone_is_found() -> None:
    """Nothing disagrees with the maps about it: neither of its neighbours knows of it."""
    wall = (skimage.data.stereo_motorcycle()[0][:320, :320]).copy()
    frames, truth = np.repeat(wall[None], 7, axis=0), np.zeros((7, 320, 320), np.float32)
    frames[:] = np.clip(wall + np.arange(7)[:, None, None, None], 0, 255)  # so that no frame repeats
    disc = cv2.circle(np.zeros((320, 320), np.uint8), (160, 160), 50, 1, cv2.FILLED) > 0
    frames[3, disc], truth[3, disc] = (230, 200, 60), 1
    is_key, finals = TrueNet(Sequence("flash", frames, truth)).maps()
    assert is_key == [True, False, True, True, True, False, True]
    assert iou(truth[3:4], finals[3:4]) > 0.99


@pytest.mark.parametrize("place", range(1, 7))
def test_each_scene_begins_and_ends_with_a_key_frame(slow: Sequence, bending: Sequence, place: int) -> None:
    one, other = Sequence("one", slow.frames[:place], slow.truth[:place]), bending
    is_key, finals = TrueNet(one, other).maps()
    assert is_key[0]
    assert is_key[place - 1]
    assert is_key[place]
    assert is_key[-1]
    np.testing.assert_allclose(finals[:place], TrueNet(one).maps()[1], atol=1e-6)


def test_a_picture_that_repeats_is_seen_once(slow: Sequence) -> None:
    net = TrueNet(Sequence("still", *(np.repeat(part[:4], 3, axis=0) for part in (slow.frames, slow.truth))))
    _, finals = net.maps()
    assert len(net.asked) == 4
    assert len(finals) == 12


def test_no_more_than_one_frame_ever_waits(slow: Sequence) -> None:
    net, steps = TrueNet(slow), Steps()
    key_frames, decided = KeyFrames(net), 0
    for number, frame in enumerate(slow.frames, 1):
        decided += len(key_frames.push(frame, steps.to(frame)))
        assert number - decided <= 1
    assert decided + len(key_frames.flush()) == len(slow.frames)


def test_without_frames_there_is_nothing_to_decide(slow: Sequence) -> None:
    assert KeyFrames(TrueNet(slow)).flush() == []


@pytest.mark.parametrize(
    ("chosen", "on_gpu", "on_cpu"), [("auto", False, True), ("every", False, False), ("key", True, True)]
)
def test_a_gpu_sees_every_frame_unless_told_otherwise(chosen: str, on_gpu: bool, on_cpu: bool) -> None:
    frames = NetFrames(chosen)
    assert (frames.are_few(gpu=True), frames.are_few(gpu=False)) == (on_gpu, on_cpu)
