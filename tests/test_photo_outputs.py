"""If these fail, an editor puts a photo's layers together to another picture than the cutout."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cutout.arrays import Pixels
from cutout.choices import Output
from cutout.matting.shadow import soft_shadow
from cutout.media.picture import Picture
from cutout.photo_outputs import rendition
from cutout.photo_parts import Parts
from cutout.stopwatch import Stopwatch
from tests.media.profiles import DISPLAY_P3


@pytest.fixture
def parts(cat: Pixels) -> Parts:
    matte = np.zeros(cat.shape[:2], np.uint8)
    matte[50:250, 100:350] = np.linspace(0, 255, 250).round()
    foreground = Picture(cat, None, DISPLAY_P3, (300, 300), "Ada", "JPEG")
    return Parts(foreground, matte, np.full_like(cat, (10, 200, 30)))


def unpacked(parts: Parts) -> tuple[dict[str, Image.Image], dict[str, object]]:
    made = rendition(Output.LAYERS, parts, Stopwatch())
    assert made.content_type == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(made.content))
    assert archive.testzip() is None
    pictures = {name: Image.open(archive.open(name)) for name in archive.namelist() if name.endswith(".png")}
    return pictures, json.loads(archive.read("manifest.json"))


def test_layers_put_together_by_the_manifest_are_the_cutout_on_its_background(parts: Parts) -> None:
    pictures, manifest = unpacked(parts)
    canvas = Image.new("RGB", (451, 300))
    for layer in manifest["layers_from_the_bottom"]:  # type: ignore[attr-defined]
        canvas.paste(pictures[layer["file"]], mask=pictures[layer["mask"]] if "mask" in layer else None)
    png = Image.open(io.BytesIO(rendition(Output.PNG, parts, Stopwatch()).content))
    assert np.abs(np.asarray(canvas).astype(int) - np.asarray(png)).max() <= 1
    assert set(pictures) == {"cutout.png", "foreground.png", "matte.png", "background.png"}


def test_the_cutout_among_the_layers_is_transparent_and_keeps_its_pixels(parts: Parts, cat: Pixels) -> None:
    pictures, _ = unpacked(parts)
    rgba = np.asarray(pictures["cutout.png"])
    np.testing.assert_array_equal(rgba[..., 3], parts.matte)
    np.testing.assert_array_equal(rgba[rgba[..., 3] == 255][:, :3], cat[parts.matte == 255])
    np.testing.assert_array_equal(np.asarray(pictures["foreground.png"]), cat)
    assert all(picture.info["icc_profile"] == DISPLAY_P3 for name, picture in pictures.items() if name != "matte.png")


def test_a_crop_says_where_in_the_photo_it_lies(parts: Parts) -> None:
    pictures, manifest = unpacked(parts.cropped((slice(40, 260), slice(90, 360))))
    assert {picture.size for picture in pictures.values()} == {(270, 220)}
    assert (manifest["left_in_photo"], manifest["top_in_photo"]) == (90, 40)
    assert (manifest["width"], manifest["height"], manifest["bits"]) == (270, 220, 8)


def test_without_a_background_there_is_no_layer_of_it(parts: Parts) -> None:
    pictures, manifest = unpacked(Parts(parts.foreground, parts.matte, None))
    assert "background.png" not in pictures
    assert manifest["layers_from_the_bottom"] == [{"file": "foreground.png", "mask": "matte.png"}]


def test_the_same_parts_give_the_same_bytes(parts: Parts) -> None:
    first, second = (rendition(Output.LAYERS, parts, Stopwatch()).content for _ in range(2))
    assert first == second


def test_a_shadow_is_a_layer_of_its_own(parts: Parts) -> None:
    with_shadow = replace(parts, shadow=soft_shadow(parts.matte, 50))
    pictures, manifest = unpacked(with_shadow)
    assert manifest["layers_from_the_bottom"] == [
        {"file": "background.png"},
        {"file": "shadow.png"},
        {"file": "foreground.png", "mask": "matte.png"},
    ]
    canvas = pictures["background.png"].convert("RGBA")
    canvas.alpha_composite(pictures["shadow.png"])
    canvas.paste(pictures["foreground.png"], mask=pictures["matte.png"])
    png = Image.open(io.BytesIO(rendition(Output.PNG, with_shadow, Stopwatch()).content))
    assert np.abs(np.asarray(canvas.convert("RGB")).astype(int) - np.asarray(png)).max() <= 2
    np.testing.assert_array_equal(np.asarray(pictures["cutout.png"])[..., 3], parts.matte)


@pytest.mark.parametrize("output", [Output.PNG, Output.WEBP_LOSSLESS])
def test_a_shadow_leaves_the_subject_and_the_matte_alone(parts: Parts, cat: Pixels, output: Output) -> None:
    with_shadow = Parts(parts.foreground, parts.matte, None, soft_shadow(parts.matte, 50))
    rgba = np.asarray(Image.open(io.BytesIO(rendition(output, with_shadow, Stopwatch()).content)))
    np.testing.assert_array_equal(rgba[parts.matte == 255], np.dstack([cat, parts.matte])[parts.matte == 255])
    assert rgba[255, 300, 3] > 20
    assert not rgba[255, 300, :3].any()
    mask = Image.open(io.BytesIO(rendition(Output.MASK, with_shadow, Stopwatch()).content))
    np.testing.assert_array_equal(np.asarray(mask), parts.matte)
