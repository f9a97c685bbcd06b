"""The files that are made of one photo, once it is taken apart into foreground, matte and ground."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutout.choices import Output
from cutout.matting.composite import filled, over
from cutout.matting.shadow import darkened, over_shadow
from cutout.media.animation import Timing, encode_animation, encode_mattes
from cutout.media.image import ImageFormat, encode, encode_matte
from cutout.media.picture import Picture
from cutout.photo_parts import Parts
from cutout.stopwatch import Stopwatch
from cutout.verdict import Verdict

FORMATS = {
    Output.PNG: ImageFormat.PNG,
    Output.WEBP: ImageFormat.WEBP,
    Output.WEBP_LOSSLESS: ImageFormat.WEBP_LOSSLESS,
    Output.JPG: ImageFormat.JPEG,
    Output.AVIF: ImageFormat.AVIF,
}
WHITE = (255, 255, 255)
ZIP_CONTENT_TYPE = "application/zip"


@dataclass(frozen=True)
class Rendition:
    """One file made of a photo. Width and height are in pixels."""

    output: Output
    content: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Result:
    """All that was made of one photo. `seconds` are by stage, in the order of the stages."""

    renditions: tuple[Rendition, ...]
    verdict: Verdict
    seconds: dict[str, float]


def rendition(output: Output, parts: Parts, watch: Stopwatch) -> Rendition:
    """The file that `output` names.

    Raises:
        TooManyPixels: its format can't hold so large a picture.
    """
    content, content_type = written(output, parts, watch)
    return Rendition(output, content, content_type, parts.foreground.width, parts.foreground.height)


def animated_rendition(output: Output, frames: Sequence[Parts], timing: Timing, watch: Stopwatch) -> Rendition:
    """As `rendition`, of a file that moves: `frames` are of one size, one for each duration of `timing`."""
    width, height = frames[0].foreground.width, frames[0].foreground.height
    if output is Output.MASK:
        with watch.stage("encode"):
            content = encode_mattes([parts.matte for parts in frames], timing)
        return Rendition(output, content, ImageFormat.PNG.content_type, width, height)
    with watch.stage("composite"):
        shown = [composed(parts) for parts in frames]
    with watch.stage("encode"):
        content = encode_animation(shown, timing, FORMATS[output])
    return Rendition(output, content, FORMATS[output].content_type, width, height)


def written(output: Output, parts: Parts, watch: Stopwatch) -> tuple[bytes, str]:
    """The file and its content type."""
    if output is Output.MASK:
        with watch.stage("encode"):
            return matte_file(parts), ImageFormat.PNG.content_type
    if output is Output.LAYERS:
        with watch.stage("encode"):
            return layers_file(parts), ZIP_CONTENT_TYPE
    with watch.stage("composite"):
        shown = composed(parts, over_white=output is Output.JPG)
    with watch.stage("encode"):
        return encode(shown, FORMATS[output]), FORMATS[output].content_type


def composed(parts: Parts, *, over_white: bool = False) -> Picture:
    """Foreground, shadow and ground in one. Without a ground it is transparent, or on white where `over_white`."""
    foreground, matte, ground, shadow = parts.foreground, parts.matte, parts.ground, parts.shadow
    if ground is None and over_white:
        ground = filled(WHITE, foreground.pixels)
    if ground is not None:
        behind = ground if shadow is None else darkened(ground, shadow)
        return replace(foreground, pixels=over(foreground.pixels, matte, behind))
    if shadow is not None:
        pixels, alpha = over_shadow(foreground.pixels, matte, shadow)
        return replace(foreground, pixels=pixels, alpha=alpha)
    return replace(foreground, alpha=matte)


def matte_file(parts: Parts) -> bytes:
    return encode_matte(parts.matte, dpi=parts.foreground.dpi, copyright_notice=parts.foreground.copyright)


def layers_file(parts: Parts) -> bytes:
    """A ZIP archive of PNGs, to be put together again in any editor, and `manifest.json`, which says how.

    PNGs are stored as they are: deflating them again gains nothing. The same parts give the same bytes.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zip_file:
        for name, content in layer_files(parts):
            zip_file.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()


def layer_files(parts: Parts) -> Iterator[tuple[str, bytes]]:
    """Names and contents, one at a time: together they are many times as large as the photo."""
    foreground, shadow, ground = parts.foreground, parts.shadow, parts.ground
    yield "manifest.json", json.dumps(manifest_of(parts), indent=2).encode()
    yield "cutout.png", encode(composed(replace(parts, ground=None, shadow=None)), ImageFormat.PNG)
    yield "foreground.png", encode(foreground, ImageFormat.PNG)
    yield "matte.png", matte_file(parts)
    if shadow is not None:
        black = replace(foreground, pixels=np.zeros_like(foreground.pixels), alpha=shadow)
        yield "shadow.png", encode(black, ImageFormat.PNG)
    if ground is not None:
        yield "background.png", encode(replace(foreground, pixels=ground), ImageFormat.PNG)


def manifest_of(parts: Parts) -> dict[str, Any]:
    layers = [{"file": "foreground.png", "mask": "matte.png"}]
    if parts.shadow is not None:
        layers.insert(0, {"file": "shadow.png"})
    if parts.ground is not None:
        layers.insert(0, {"file": "background.png"})
    return {
        "width": parts.foreground.width,
        "height": parts.foreground.height,
        "bits": parts.foreground.depth,
        "left_in_photo": parts.left,
        "top_in_photo": parts.top,
        "layers_from_the_bottom": layers,
        "cutout": "cutout.png",
    }
