"""Photos whose true mattes are known, easy ones and such as nets fail on: I = alpha F + (1 - alpha) B, then spoiled.

The subjects and backgrounds are photos that scikit-image ships. A subject's matte is what the net made of its own
photo, and from there on it is the truth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from numpy.random import Generator

from cutout.arrays import Floats, Pixels, SaliencyMap

HEIGHT, WIDTH = 480, 640
SMALLEST_SUBJECT = 0.01
"""Of the scene, by area."""


@dataclass(frozen=True)
class Scene:
    """`picture` is 480 x 640 x 3 uint8 RGB, `truth` is 480 x 640 float32 in [0, 1]."""

    picture: Pixels
    truth: SaliencyMap


def subjects() -> Mapping[str, Pixels]:
    return {name: getattr(skimage.data, name)() for name in ("chelsea", "astronaut", "coffee", "rocket")}


def textures() -> list[Pixels]:
    """Grounds in which nothing is a subject."""
    greys = [getattr(skimage.data, name)() for name in ("brick", "grass", "gravel")]
    return [cv2.resize(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), (WIDTH, HEIGHT)) for grey in greys]


def grounds() -> list[Pixels]:
    """Textures, and photos in which something is a subject."""
    return [*textures(), *(cv2.resize(photo, (WIDTH, HEIGHT)) for photo in subjects().values())]


def scenes(
    mattes: Mapping[str, SaliencyMap], behind: Sequence[Pixels], count: int, random: Generator
) -> Iterator[Scene]:
    """`count` scenes at most: those whose subject fell outside are left out. `mattes` are of `subjects`, by name."""
    photos = subjects()
    for number in range(count):
        name = list(photos)[number % len(photos)]
        colours, truth = placed(photos[name], mattes[name], random)
        ground = behind[random.integers(len(behind))]
        picture = colours * truth[..., None] + ground * (1 - truth[..., None])
        if truth.mean() >= SMALLEST_SUBJECT:
            yield Scene(spoiled(picture, random).round().clip(0, 255).astype(np.uint8), truth)


def placed(photo: Pixels, matte: SaliencyMap, random: Generator) -> tuple[Floats, SaliencyMap]:
    """A subject of any size and brightness anywhere, also partly outside: its colours and its matte."""
    height, width = photo.shape[:2]
    scale = random.uniform(0.25, 1.1) * min(WIDTH / width, HEIGHT / height)
    centre = random.uniform(0.15, 0.85, 2) * (WIDTH, HEIGHT)
    move = np.array([[scale, 0, centre[0] - scale * width / 2], [0, scale, centre[1] - scale * height / 2]])
    whole = cv2.resize(matte, (width, height))
    colours = cv2.warpAffine(photo, move, (WIDTH, HEIGHT), flags=cv2.INTER_AREA).astype(np.float32)
    return colours * random.uniform(0.4, 1.1), cv2.warpAffine(whole, move, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)


def spoiled(picture: Floats, random: Generator) -> Floats:
    """As cameras spoil pictures: shaken or flat, dark, out of focus, noisy, or not at all."""
    kind = random.uniform(size=4)
    if kind[0] < 0.25:
        shake = np.zeros((31, 31), np.float32)
        shake[15] = 1 / 31
        picture = cv2.filter2D(picture, -1, shake)
    elif kind[0] < 0.5:
        picture = picture * 0.25 + picture.mean() * 0.75
    if kind[1] < 0.2:
        picture = picture * random.uniform(0.15, 0.5)
    if kind[2] < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(1, 3))
    if kind[3] < 0.3:
        picture = picture + random.normal(0, random.uniform(5, 25), picture.shape)
    return picture
