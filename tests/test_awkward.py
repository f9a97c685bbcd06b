"""Files that nobody here made: each becomes every output, or is refused by name. Nothing in between."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Floats, Pixels, as_depth
from cutout.choices import ANIMATED_OUTPUTS, PHOTO_OUTPUTS, Output
from cutout.errors import Refusal
from cutout.limits import Limits
from cutout.media.image import decode
from cutout.options import Options
from cutout.photo_outputs import Result
from cutout.pipeline import remove_background
from cutout.saliency.detector import Detector

AWKWARD = Path(__file__).parents[2] / "shared" / "data" / "awkward"
NAMES = sorted(path.name for path in AWKWARD.glob("*")) or ["no reference data"]


class LeftEngine:
    """An engine that finds its subject on the left."""

    batch_size = 8

    def infer(self, batch: Pixels | Floats) -> Floats:
        maps = np.zeros((len(batch), 320, 320), np.float32)
        maps[:, :, :160] = 1
        return maps


def remove(name: str, options: Options) -> tuple[bytes, Result | None]:
    if not AWKWARD.is_dir():
        pytest.skip("skipped: no reference data")
    content = (AWKWARD / name).read_bytes()
    try:
        return content, remove_background(content, options, Detector(LeftEngine()), Limits(), lambda _: b"")
    except Refusal:
        return content, None


@pytest.mark.parametrize("name", NAMES)
def test_every_output_of_a_photo_opens_and_keeps_the_pixels(name: str) -> None:
    content, result = remove(name, Options(outputs=PHOTO_OUTPUTS))
    if result is None:
        return
    source = decode(content, Limits())
    opaque = np.zeros((source.height, source.width), bool)
    opaque[:, : source.width * 45 // 100] = True
    if source.alpha is not None:
        opaque &= source.alpha == np.iinfo(source.alpha.dtype).max
    made = {rendition.output.value: rendition for rendition in result.renditions}
    for output in ("png", "webp-lossless"):
        cutout = decode(made[output].content, Limits())
        expected = as_depth(source.pixels, cutout.pixels.dtype)
        np.testing.assert_array_equal(cutout.pixels[opaque], expected[opaque])
        assert cutout.icc_profile == source.icc_profile
        assert cutout.copyright == source.copyright
        assert cutout.dpi == (None if source.dpi is None else pytest.approx(source.dpi, abs=0.02))
    for output in ("webp", "jpg", "avif", "mask"):
        image = Image.open(io.BytesIO(made[output].content))
        image.load()
        assert image.size == (source.width, source.height)
        assert image.info.get("icc_profile") == (None if output == "mask" else source.icc_profile)


@pytest.mark.parametrize("name", NAMES)
def test_every_output_with_all_frames_moves_if_the_file_does(name: str) -> None:
    options = Options(outputs=ANIMATED_OUTPUTS).updated({"frames": "all"})
    _, result = remove(name, options)
    if result is None:
        return
    moves = "animated" in name
    for rendition in result.renditions:
        image = Image.open(io.BytesIO(rendition.content))
        assert image.size == (rendition.width, rendition.height)
        if rendition.output is not Output.MASK:
            assert (getattr(image, "n_frames", 1) > 1) == moves
