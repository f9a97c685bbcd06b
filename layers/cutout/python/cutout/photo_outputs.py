"""The files that are made of one photo, once it is taken apart into foreground, matte and ground."""

import io
import json
import zipfile
from dataclasses import dataclass, replace
from typing import Any

from cutout.arrays import Matte, Pixels
from cutout.matting.composite import filled, hidden, over
from cutout.media.image import ImageFormat, encode, encode_matte
from cutout.media.picture import Picture
from cutout.options import Output
from cutout.stopwatch import Stopwatch

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


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file is put together from, all of one size.

    `foreground`: opaque, with the subject's own colours at soft edges. `ground`: what lies behind the subject, None
    where nothing does. `left`, `top`: where in the upright photo the parts begin, in pixels.
    """

    foreground: Picture
    matte: Matte
    ground: Pixels | None
    left: int = 0
    top: int = 0

    def cropped(self, box: tuple[slice, slice]) -> "Parts":
        """`box`: rows and columns, each from a first to one after the last."""
        return Parts(
            foreground=replace(self.foreground, pixels=self.foreground.pixels[box]),
            matte=self.matte[box],
            ground=None if self.ground is None else self.ground[box],
            left=self.left + box[1].start,
            top=self.top + box[0].start,
        )


def rendition(output: Output, parts: Parts, watch: Stopwatch) -> Rendition:
    """The file that `output` names.

    Raises:
        TooManyPixels: its format can't hold so large a picture.
    """
    content, content_type = written(output, parts, watch)
    return Rendition(output, content, content_type, parts.foreground.width, parts.foreground.height)


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
    """The foreground on its ground. Without one it is transparent, or on white where `over_white`."""
    foreground, ground = parts.foreground, parts.ground
    if ground is None and over_white:
        ground = filled(WHITE, foreground.pixels)
    if ground is None:
        return replace(foreground, pixels=hidden(foreground.pixels, parts.matte), alpha=parts.matte)
    return replace(foreground, pixels=over(foreground.pixels, parts.matte, ground))


def matte_file(parts: Parts) -> bytes:
    return encode_matte(parts.matte, dpi=parts.foreground.dpi, copyright_notice=parts.foreground.copyright)


def layers_file(parts: Parts) -> bytes:
    """A ZIP archive of PNGs, to be put together again in any editor, and `manifest.json`, which says how.

    PNGs are stored as they are: deflating them again gains nothing. The same parts give the same bytes.
    """
    layers: list[dict[str, str]] = [{"file": "foreground.png", "mask": "matte.png"}]
    files = {
        "cutout.png": encode(composed(replace(parts, ground=None)), ImageFormat.PNG),
        "foreground.png": encode(parts.foreground, ImageFormat.PNG),
        "matte.png": matte_file(parts),
    }
    if parts.ground is not None:
        layers.insert(0, {"file": "background.png"})
        files["background.png"] = encode(replace(parts.foreground, pixels=parts.ground), ImageFormat.PNG)
    manifest = json.dumps(manifest_of(parts, layers), indent=2).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zip_file:
        for name, content in {"manifest.json": manifest, **files}.items():
            zip_file.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()


def manifest_of(parts: Parts, layers: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "width": parts.foreground.width,
        "height": parts.foreground.height,
        "bits": parts.foreground.depth,
        "left_in_photo": parts.left,
        "top_in_photo": parts.top,
        "layers_from_the_bottom": layers,
        "cutout": "cutout.png",
    }
