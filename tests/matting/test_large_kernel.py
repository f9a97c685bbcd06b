"""If these fail, hair is lost, hard edges are soft, or edges get worse where colours tell nothing."""

import cv2
import numpy as np
import pytest

from cutout.arrays import Floats, Matte, Pixels
from cutout.matting.large_kernel import large_kernel_matting
from cutout.matting.refine import refine
from tests.benchmarks.hair import Portrait, composed, portrait, seen_by_net


def disc(height: int, width: int) -> Floats:
    matte = np.zeros((height, width), np.uint8)
    cv2.circle(matte, (width // 2, height // 2), height // 3, 255, -1, cv2.LINE_AA)
    return matte.astype(np.float32) / 255


def flat(colour: tuple[int, int, int], like: Floats) -> Pixels:
    return np.full((*like.shape, 3), colour, np.uint8)


def errors(scene: Portrait) -> tuple[float, float]:
    """Mean squared errors of the net's own matte, and of the refined one."""
    saliency_map = seen_by_net(scene.alpha)
    own = refine(saliency_map, *scene.alpha.shape, np.uint8)
    refined = large_kernel_matting(scene.picture, saliency_map)
    first, second = (float(((matte / 255 - scene.alpha) ** 2).mean()) for matte in (own, refined))
    return first, second


def test_hair_comes_back() -> None:
    own, refined = errors(portrait(600, 900, "coffee", "grass"))
    assert refined < 0.7 * own


def test_a_hard_edge_gets_hard() -> None:
    alpha = disc(600, 800)
    own, refined = errors(composed(flat((200, 40, 20), alpha), flat((30, 60, 190), alpha), alpha))
    assert refined < 0.2 * own


@pytest.mark.parametrize("noise", [0, 10])
@pytest.mark.parametrize("brighter", [0, 2, 8])
def test_where_colours_tell_nothing_the_nets_matte_stays(noise: int, brighter: int) -> None:
    alpha = disc(600, 800)
    scene = composed(flat((120, 120, 120), alpha), flat((120 + brighter,) * 3, alpha), alpha)
    noisy = scene.picture + np.random.default_rng(0).normal(0, noise, scene.picture.shape)
    picture = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    own, refined = errors(Portrait(picture, scene.alpha, scene.foreground))
    assert refined < 1.2 * own


def certain(matte: Matte, alpha: Floats) -> tuple[float, float]:
    """Of what is 20 pixels inside the subject, the share of full alpha; of what is as far outside, that of nil."""
    kernel = np.ones((41, 41), np.uint8)
    inside, outside = cv2.erode(alpha, kernel) == 1, cv2.dilate(alpha, kernel) == 0
    return float((matte[inside] == np.iinfo(matte.dtype).max).mean()), float((matte[outside] == 0).mean())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_full_and_nil_alpha_are_reached(dtype: type) -> None:
    alpha = disc(600, 800)
    noisy = np.random.default_rng(0).normal(0, 6, (600, 800, 3)) + np.where(alpha[..., None] > 0.5, 190, 70)
    picture = np.clip(noisy, 0, 255).astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    matte = large_kernel_matting(picture, seen_by_net(alpha))
    assert matte.dtype == dtype
    assert certain(matte, alpha) == (1, 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (77, 3), (501, 333)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_any_size_and_a_map_that_is_the_same_everywhere(size: tuple[int, int], level: float) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    matte = large_kernel_matting(picture, np.full((320, 320), level, np.float32))
    assert matte.shape == size
    assert np.abs(matte / 255 - level).max() < 0.05


def test_the_matte_is_not_shifted() -> None:
    alpha = disc(601, 801)
    picture = composed(flat((200, 40, 20), alpha), flat((30, 60, 190), alpha), alpha).picture
    matte = large_kernel_matting(picture, seen_by_net(alpha))
    turned = large_kernel_matting(picture[::-1, ::-1].copy(), seen_by_net(alpha)[::-1, ::-1].copy())[::-1, ::-1]
    assert np.abs(matte.astype(int) - turned).mean() < 0.1
