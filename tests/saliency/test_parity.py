"""If these fail, masks are no longer the authors': the net, its weights or the preprocessing changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Pixels, SaliencyMap
from cutout.models import Model
from cutout.saliency.detector import Detector, normalise
from cutout.saliency.engines import EngineName

PINNED = Path(__file__).parent / "pinned"
ENGINES = [EngineName.TORCH, EngineName.OPENVINO, EngineName.WINOGRAD]
AUTHORS_PHOTOS = ["bike.jpg", "girl.png", "horse.jpg", "im_21.png", "long.jpg", "rifle2.jpeg"]


def as_saved_by_the_authors(saliency_map: SaliencyMap, width: int, height: int) -> Pixels:
    """What their u2net_test.py writes: cut down to 8 bits, then scaled to the photo."""
    small = Image.fromarray((saliency_map * 255).astype(np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("name", AUTHORS_PHOTOS)
def test_masks_are_those_that_the_authors_published(
    reference_data: Path, detectors: Callable[..., Detector], name: str, model: Model, engine: EngineName
) -> None:
    authors = reference_data / "authors"
    photo = np.asarray(Image.open(authors / "test_images" / name).convert("RGB"))
    published = np.asarray(Image.open((authors / f"{model}_results" / name).with_suffix(".png")).convert("L"))
    ours = as_saved_by_the_authors(normalise(detectors(model, engine).detect([photo])[0]), *published.shape[::-1])
    assert np.abs(ours / 255 - published / 255).mean() < 0.002


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", Model)
def test_the_nets_answer_to_a_photo_that_everybody_has_stays_as_it_is(
    detectors: Callable[..., Detector], cat: Pixels, model: Model, engine: EngineName
) -> None:
    pinned = np.asarray(Image.open(PINNED / f"chelsea.{model}.png"))
    ours = detectors(model, engine).detect([cat])[0] * 255
    assert np.abs(ours - pinned).mean() / 255 < 0.0015
    assert np.abs(ours - pinned).max() < 3
