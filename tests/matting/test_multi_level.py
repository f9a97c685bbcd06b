"""If these fail, cutouts carry a halo of their old background, or hair has the colours of something else."""

import cv2
import numpy as np
import pytest

from cutout.arrays import Floats
from cutout.matting.multi_level import multi_level


def ramp(height: int, width: int, first: tuple[int, ...], last: tuple[int, ...]) -> Floats:
    """Colours that change from left to right."""
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    return np.repeat(np.float32(first) + across * (np.float32(last) - np.float32(first)), height, axis=0)


def test_colours_that_change_slowly_come_back_on_both_sides() -> None:
    alpha = np.zeros((200, 300), np.float32)
    cv2.circle(alpha, (150, 100), 60, 1, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 5)
    front, behind = ramp(200, 300, (250, 40, 30), (150, 90, 60)), ramp(200, 300, (0, 80, 200), (30, 160, 120))
    image = behind + alpha[..., None] * (front - behind)
    foreground, background = multi_level(image, alpha, 255)
    for colours, truth, shows in ((foreground, front, alpha), (background, behind, 1 - alpha)):
        error = np.abs(colours - truth).mean(axis=2)
        assert error[shows > 0.02].mean() < 1
        assert error[(shows > 0.1) & (shows < 1)].max() < 8


def test_hair_has_the_colour_of_the_head_that_it_grows_from() -> None:
    alpha = np.zeros((200, 300), np.float32)
    alpha[120:] = 1
    for column in range(10, 300, 6):
        cv2.line(alpha, (column, 125), (column + 20, 60), 0.6, 1, cv2.LINE_AA)
    front, behind = np.float32([90, 50, 20]), ramp(200, 300, (240, 250, 255), (120, 200, 140))
    image = behind + alpha[..., None] * (front - behind)
    foreground, _ = multi_level(image, alpha, 255)
    assert np.abs(foreground[alpha > 0.1] - front).mean() < 3


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (77, 3), (49, 48)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_any_size_and_any_alpha_gives_colours_of_the_picture(size: tuple[int, int], level: float) -> None:
    image = np.random.default_rng(0).uniform(0, 255, (*size, 3)).astype(np.float32)
    for colours in multi_level(image, np.full(size, level, np.float32), 255):
        assert colours.shape == image.shape
        assert ((colours >= 0) & (colours <= 255)).all()
