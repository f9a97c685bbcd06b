"""The alpha matte along the edges of the picture, where the net's own is too coarse.

Source: He, Sun, Tang, "Fast Matting Using Large Kernel Matting Laplacian Matrices", CVPR 2010. It is the closed-form
matting of Levin, Lischinski, Weiss (TPAMI 2008) with large windows, whose products with a matte are a guided filter's.
Solved for in a small copy, as linear functions of colour that are then applied to each pixel of the band.
"""

from typing import NamedTuple

import cv2
import numpy as np

from cutout.arrays import Floats, Matte, Pixels, SaliencyMap
from cutout.matting.band import for_each_tile
from cutout.matting.guided_filter import GuidedFilter, Linear, product
from cutout.matting.refine import refine
from cutout.matting.small_copy import Enlarged, factor_to, shrunk
from cutout.matting.tiles import Tile

SMALL_SIDE = 768
UNCERTAIN = (0.05, 0.95)
BAND_MAP_PIXELS = 1
RADIUS_MAP_PIXELS = 5
"""How far around uncertain pixels of the net's map the edge is sought, and the radius of windows."""

FLAT_VARIANCE = 1e-4
STEPS = 6

LEAST_TRUST = 0.01
TRUST_UNEXPLAINED = 0.1
LEAST_EXPLAINED = 0.05
TRUST_CERTAIN = 1.0
"""The weight of the net's own matte: at least, for each part that colours leave unexplained, and at 0 and 1."""

LEAST_CONTRAST, ENOUGH_CONTRAST = 0.18, 0.28
"""How far apart, in RGB in [0, 1], the colours on both sides of an edge must be to say where it is. Below the first,
noise and texture say as much. That is what tells hair from a dark bird's outline on dark water, not how soft it is."""

NIL_UP_TO = 0.04
FULL_FROM = 0.96
"""Noise in colours, and the net's own doubts, become noise in alpha. Beyond these it is full or nil all the same."""


class Trimap(NamedTuple):
    """Where alpha is to be found, h x w float32 of 0 and 1, and what it is thought to be, 0 or 1 outside of there."""

    band: Floats
    alpha: Floats


def large_kernel_matting(image: Pixels, saliency_map: SaliencyMap) -> Matte:
    """The matte of `image`, H x W x 3, that follows its edges where `saliency_map`, h x w in [0, 1], is uncertain."""
    factor = factor_to(SMALL_SIDE, *image.shape[:2])
    guide = np.stack(cv2.split(shrunk(image, factor) / np.float32(np.iinfo(image.dtype).max)))
    height, width = guide.shape[1:]
    map_pixel = max(height, width) / max(saliency_map.shape)
    reach = max(1, round(BAND_MAP_PIXELS * map_pixel))
    trimap = trimap_of(cv2.resize(saliency_map, (width, height)), reach)
    guided = GuidedFilter(guide, max(1, round(RADIUS_MAP_PIXELS * map_pixel)), FLAT_VARIANCE)
    trust = trust_in(trimap.alpha, guided.explained(trimap.alpha))
    linear = guided.pixels(solved(guided, trimap, trust))
    blended = Linear(linear.slope / (1 + trust), (linear.offset + trust * trimap.alpha) / (1 + trust))
    matte = refine(certain(saliency_map), image.shape[0], image.shape[1], image.dtype)
    redraw(matte, blended, fading(trimap.band, reach) * contrasting(linear), image, factor)
    return matte


def trimap_of(alpha: Floats, reach_pixels: int) -> Trimap:
    uncertain = cv2.inRange(alpha, *UNCERTAIN)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_pixels + 1, 2 * reach_pixels + 1))
    band = cv2.dilate(uncertain, disc) > 0
    return Trimap(band.astype(np.float32), np.where(band, np.clip(alpha, 0, 1), alpha > 0.5).astype(np.float32))


def trust_in(alpha: Floats, explained: Floats) -> Floats:
    """The weight of the net's `alpha` against colours: larger where these explain less of it, and near 0 and 1."""
    unexplained = (1 - explained) / np.maximum(explained, LEAST_EXPLAINED)
    trust: Floats = LEAST_TRUST + TRUST_UNEXPLAINED * unexplained**2 + TRUST_CERTAIN * (2 * alpha - 1) ** 4
    return trust


def solved(guided: GuidedFilter, trimap: Trimap, trust: Floats) -> Floats:
    """The matte, h x w in [0, 1], from that of `trimap` by conjugate gradients; equations 2 and 3."""

    def times(matte: Floats) -> Floats:
        return ((1 + trust) * matte - guided(matte)) * trimap.band

    matte = trimap.alpha
    residual = trimap.band * trust * matte - times(matte)
    direction, squared = residual, dot(residual, residual)
    for _ in range(STEPS):
        changed = times(direction)
        curvature = dot(direction, changed)
        if curvature <= 0:
            break
        matte = matte + np.float32(squared / curvature) * direction
        residual = residual - np.float32(squared / curvature) * changed
        before, squared = squared, dot(residual, residual)
        direction = residual + np.float32(squared / before) * direction
    return np.clip(matte, 0, 1)


def dot(left: Floats, right: Floats) -> float:
    return float(np.vdot(left, right))


def certain(alpha: Floats) -> Floats:
    """`alpha` stretched, so that it is full or nil, or beyond, where it is nearly so."""
    return (alpha - np.float32(NIL_UP_TO)) / np.float32(FULL_FROM - NIL_UP_TO)


def fading(band: Floats, reach_pixels: int) -> Floats:
    """`band`, h x w, with 0 at its outline and 1 from `reach_pixels` inside of it."""
    side = 2 * reach_pixels + 1
    return np.clip(2 * cv2.blur(band, (side, side)) - 1, 0, 1)


def contrasting(linear: Linear) -> Floats:
    """From 0 to 1, h x w, how well the colours between which alpha goes from 0 to 1 can be told apart."""
    contrast = 1 / np.maximum(1, np.sqrt(product(linear.slope, linear.slope)))
    return np.clip((contrast - LEAST_CONTRAST) / (ENOUGH_CONTRAST - LEAST_CONTRAST), 0, 1)


def redraw(matte: Matte, linear: Linear, fade: Floats, image: Pixels, factor: int) -> None:
    """Change `matte` to `linear` as far as `fade` says. `factor`: by which `image` is larger than the last two."""
    full = np.iinfo(matte.dtype).max
    slope = Enlarged(cv2.merge(list(linear.slope / np.float32(full))), factor)
    offset, degree = Enlarged(linear.offset, factor), Enlarged(fade, factor)

    def write(tile: Tile) -> None:
        products = cv2.multiply(slope[tile], image[tile], dtype=cv2.CV_32F)
        alpha = cv2.transform(products, np.ones((1, 3), np.float32)) + offset[tile]
        after, before = np.clip(certain(alpha) * np.float32(full), 0, full), matte[tile]
        matte[tile] = np.rint(before + degree[tile] * (after - before))

    size = (fade.shape[1] * factor, fade.shape[0] * factor)
    band = cv2.resize((fade > 0).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    for_each_tile(band[: matte.shape[0], : matte.shape[1]], factor, write)
