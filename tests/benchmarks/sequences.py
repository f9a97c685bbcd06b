"""Moving pictures whose true mattes are known, since they are composed from it: I = alpha F + (1 - alpha) B.

The subjects and backgrounds are photos that scikit-image ships. A subject's matte is what the net once made of its
photo, sharpened, and from there on it is the truth: it is warped by the same motion as the colours.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data

from cutout.arrays import Floats, Pixels, SaliencyMap

SIDE = 320
FINE_SIDE = 640
"""Frames are composed at twice their size and averaged down, so that motion by parts of a pixel looks like motion."""

INSTANTS = 5
"""What an open shutter sees is the mean of so many."""

Path = Callable[[float], tuple[Floats, Floats]]
"""At a time in frames, the point of the subject's picture, x and y in [0, 1], that each point of the frame shows."""


@dataclass(frozen=True)
class Sequence:
    """`frames` are N x 320 x 320 x 3 uint8 RGB, `truth` is N x 320 x 320 float32 in [0, 1]."""

    name: str
    frames: Pixels
    truth: Floats


def grid() -> tuple[Floats, Floats]:
    """x and y of each point of a frame, in [0, 1]."""
    centres = (np.arange(FINE_SIDE, dtype=np.float32) + 0.5) / FINE_SIDE
    return np.meshgrid(centres, centres)


def placed(x: float, y: float, size: float) -> tuple[Floats, Floats]:
    """The subject's picture, scaled to `size` of the frame, about the point x, y."""
    across, down = grid()
    return (across - x) / size + 0.5, (down - y) / size + 0.5


def drift(time: float) -> tuple[Floats, Floats]:
    """Slow translation and zoom."""
    return placed(0.4 + 0.012 * time, 0.55 - 0.004 * time, 0.6 + 0.01 * time)


JERK = (0.3, 0.3, 0.36, 0.5, 0.7, 0.5, 0.7, 0.7, 0.5, 0.3, 0.45, 0.3)


def jerk(time: float) -> tuple[Floats, Floats]:
    """To and fro, up to 64 pixels of 320 from one frame to the next, with stops between."""
    return placed(JERK[int(time) % len(JERK)], 0.6, 0.75)


def wobble(time: float) -> tuple[Floats, Floats]:
    """Non-rigid: waves run through the subject."""
    x, y = placed(0.5, 0.5, 0.85)
    return x + 0.03 * np.sin(9 * y + 0.9 * time), y + 0.03 * np.sin(8 * x - 0.7 * time)


def stride(time: float) -> tuple[Floats, Floats]:
    """Thin legs, that swing the wider the lower they are, left and right of the middle against each other."""
    x, y = placed(0.3 + 0.03 * time, 0.5, 0.8)
    swing = 0.35 * np.clip(y - 0.5, 0, None) * np.sin(1.3 * time) * np.sign(x - 0.5)
    return x + swing, y


def kick(time: float) -> tuple[Floats, Floats]:
    """One leg kicks, up to a sixth of the frame from one frame to the next; all else stands."""
    x, y = placed(0.5, 0.5, 0.8)
    leg = np.clip(3 * (y - 0.5), 0, 1) * (x > 0.5)
    return x + 0.12 * leg * np.sin(1.9 * time), y


def stand(_time: float) -> tuple[Floats, Floats]:
    return placed(0.5, 0.55, 0.8)


Shift = Callable[[float], tuple[float, float]]
"""At a time in frames, how far the camera has turned, right and down, in shares of a frame."""


def steady(_time: float) -> tuple[float, float]:
    return 0.0, 0.0


def calm(time: float) -> tuple[float, float]:
    """A pan by a calm hand."""
    return 0.008 * time + 0.003 * np.sin(1.1 * time), 0.003 * np.cos(1.7 * time)


def handheld(time: float) -> tuple[float, float]:
    """A hand that shakes, by up to 12 pixels of 320 from one frame to the next."""
    return 0.02 * np.sin(1.7 * time) + 0.012 * np.sin(4.1 * time), 0.018 * np.cos(2.3 * time)


def seen(picture: Floats, where: tuple[Floats, Floats], outside: int) -> Floats:
    """`picture` at the points `where`, as large as frames are composed. `outside` is a border mode of OpenCV."""
    height, width = picture.shape[:2]
    x, y = where
    return cv2.remap(
        picture,
        (x * width - 0.5).astype(np.float32),
        (y * height - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=outside,
    )


@dataclass(frozen=True)
class Scene:
    """`subject`, with its matte `alpha`, before `background`, which moves by `pan` of a frame with each.

    The camera turns by `camera` and its shutter is open for `shutter` of a frame's time. A post passes in front of all,
    as wide as `post` says in shares of a frame.
    """

    name: str
    subject: Pixels
    alpha: Floats
    background: Pixels
    path: Path
    pan: float = 0.0
    camera: Shift = steady
    shutter: float = 0.0
    post: float = 0.0

    def at(self, time: float) -> tuple[Floats, Floats]:
        """Colours and matte of an instant, as large as frames are composed."""
        right, down = self.camera(time)
        behind_x, behind_y = grid()
        behind_x, behind_y = behind_x + right, behind_y + down
        scenery = self.background.astype(np.float32)
        behind = seen(scenery, (behind_x * 0.6 + self.pan * time, behind_y * 0.6), cv2.BORDER_REFLECT)
        x, y = self.path(time)
        width = float(x[0, -1] - x[0, 0])
        where = x + right * width, y + down * width
        matte = seen(self.alpha, where, cv2.BORDER_CONSTANT)
        colour = seen(self.subject.astype(np.float32), where, cv2.BORDER_REPLICATE)
        picture = behind + matte[..., None] * (colour - behind)
        in_front = np.abs(behind_x - 0.07 * time - 0.1) < self.post / 2
        picture[in_front] = 0.4 * seen(scenery, (behind_y, behind_x), cv2.BORDER_REFLECT)[in_front]
        return picture, np.where(in_front, np.float32(0), matte)

    def sequence(self, count: int) -> Sequence:
        """The first `count` frames, with some noise of a sensor."""
        rng = np.random.default_rng(7)
        frames, truth = [], []
        for time in range(count):
            instants = time + self.shutter * np.linspace(-0.5, 0.5, INSTANTS if self.shutter else 1)
            pictures, mattes = zip(*map(self.at, instants), strict=True)
            small = cv2.resize(np.mean(pictures, axis=0), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            frames.append(np.clip(np.rint(small + rng.normal(0, 3, small.shape)), 0, 255).astype(np.uint8))
            truth.append(cv2.resize(np.mean(mattes, axis=0), (SIDE, SIDE), interpolation=cv2.INTER_AREA))
        return Sequence(self.name, np.stack(frames), np.stack(truth))


Detect = Callable[[Pixels], SaliencyMap]


def own_sequences(detect: Detect, count: int) -> list[Sequence]:
    """Nine sequences of `count` frames: slow and rigid, fast, non-rigid, thin; filmed by a calm hand and a shaking one;
    a limb that kicks, a post in front, a cut in the middle. `detect` finds the subjects' mattes.
    """
    cat, astronaut, coffee = skimage.data.chelsea(), skimage.data.astronaut(), skimage.data.coffee()
    horse = 1 - skimage.data.horse().astype(np.float32)
    hide, grass = tinted(skimage.data.brick(), (0.9, 0.9, 0.6)), tinted(skimage.data.grass(), (0.8, 1.0, 0.6))
    hide = hide[: horse.shape[0], : horse.shape[1]]
    street, disc = skimage.data.stereo_motorcycle()[0], skimage.data.retina()[300:1100, 300:1100]
    one, other, cup = found(detect, cat), found(detect, astronaut), found(detect, coffee)
    scenes = [
        Scene("drift", cat, one, street, drift, pan=0.004),
        Scene("jerk", astronaut, other, street, jerk),
        Scene("wobble", coffee, cup, disc, wobble, pan=0.002),
        Scene("stride", hide, horse, grass, stride, pan=0.01),
        Scene("calm", hide, horse, grass, stand, camera=calm, shutter=0.5),
        Scene("handheld", astronaut, other, street, drift, camera=handheld, shutter=0.5),
        Scene("kick", hide, horse, grass, kick, shutter=0.5),
        Scene("post", cat, one, street, stand, post=0.12),
    ]
    sequences = [scene.sequence(count) for scene in scenes]
    return [*sequences, joined("cut", sequences[3], sequences[0])]


def joined(name: str, *parts: Sequence) -> Sequence:
    """As many frames as one of `parts` has, from each of them in turn."""
    count = len(parts[0].frames)
    ends = [number * count // len(parts) for number in range(len(parts) + 1)]
    pieces = [slice(*place) for place in itertools.pairwise(ends)]
    frames, truth = (
        np.concatenate([getattr(part, field)[piece] for part, piece in zip(parts, pieces, strict=True)])
        for field in ("frames", "truth")
    )
    return Sequence(name, frames, truth)


def empty_sequence(count: int) -> Sequence:
    """Nothing but gravel under a moving camera."""
    nobody, gravel = np.zeros((8, 8), np.float32), tinted(skimage.data.gravel(), (1.0, 0.9, 0.8))
    return Scene("gravel", np.zeros((8, 8, 3), np.uint8), nobody, gravel, drift, pan=0.01).sequence(count)


def found(detect: Detect, photo: Pixels) -> Floats:
    """A matte for the subject of `photo`: the net's own, made hard but for a narrow edge, and as large as the photo."""
    certain = np.clip((detect(photo) - 0.3) / 0.4, 0, 1)
    return cv2.resize(certain, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def tinted(grey: Pixels, tint: tuple[float, float, float]) -> Pixels:
    return np.rint(grey[..., None] * np.array(tint)).astype(np.uint8)
