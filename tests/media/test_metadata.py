"""Whose photo it is must survive; where it was taken must not be needed."""

import io
import struct
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from cutout.media.metadata import Metadata, read_metadata

Save = Callable[..., bytes]


def metadata_of(data: bytes) -> Metadata:
    with Image.open(io.BytesIO(data)) as image:
        return read_metadata(image)


def exif(**tags: object) -> Image.Exif:
    block = Image.Exif()
    for name, value in tags.items():
        block[ExifTags.Base[name]] = value
    return block


@pytest.mark.parametrize(("stored", "read"), [(0, 1), (1, 1), (6, 6), (8, 8), (9, 1), (65535, 1)])
def test_an_orientation_that_does_not_exist_turns_nothing(
    stored: int, read: int, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    assert metadata_of(save(quarters, "JPEG", exif=exif(Orientation=stored))).orientation == read


@pytest.mark.parametrize("orientation", range(1, 9))
def test_resolution_changes_sides_with_the_picture(
    orientation: int, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    data = save(quarters, "JPEG", dpi=(300, 150), exif=exif(Orientation=orientation))
    assert metadata_of(data).dpi == ((300, 150) if orientation <= 4 else (150, 300))


@pytest.mark.parametrize("dpi", [None, (0, 0), (float("nan"), 72), ("a", "b"), (72,), 72, (1e9, 1e9)])
def test_a_resolution_without_sense_is_none(dpi: object) -> None:
    image = Image.new("RGB", (1, 1))
    image.info["dpi"] = dpi
    assert read_metadata(image).dpi is None


@pytest.mark.parametrize(("unit", "dpi"), [(2, (300, 150)), (3, (762, 381)), (1, None), (None, None)])
@pytest.mark.parametrize("file_format", ["WEBP", "PNG", "AVIF"])
def test_a_resolution_that_only_exif_knows_counts(
    unit: int | None, dpi: tuple[int, int] | None, file_format: str, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    block = exif(XResolution=300, YResolution=150, **({} if unit is None else {"ResolutionUnit": unit}))
    assert metadata_of(save(quarters, file_format, exif=block)).dpi == dpi


@pytest.mark.parametrize(
    ("tags", "notice"),
    [
        ({"Copyright": b"(c) Ada"}, "(c) Ada"),
        ({"Copyright": "© Zoë".encode()}, "© Zoë"),
        ({"Copyright": "© Zoë".encode("latin-1")}, "© Zoë"),
        ({"Copyright": b"Ada\0Grace"}, "Ada, Grace"),
        ({"Copyright": b" ", "Artist": b"Ada"}, "Ada"),
        ({"Copyright": b"Ada", "Artist": b"Grace"}, "Ada"),
        ({"Make": b"Canon"}, None),
    ],
)
def test_the_holder_of_the_rights_is_read(
    tags: dict[str, bytes], notice: str | None, quarters: npt.NDArray[np.uint8], save: Save
) -> None:
    assert metadata_of(save(quarters, "JPEG", exif=exif(**tags))).copyright == notice


def test_a_png_says_it_in_text(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Copyright", "© 株式会社")
    assert metadata_of(save(quarters, "PNG", pnginfo=text)).copyright == "© 株式会社"


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><dc:creator><rdf:Seq><rdf:li>Eve</rdf:li></rdf:Seq>'
    '</dc:creator><dc:rights>\n <rdf:Alt>\n  <rdf:li xml:lang="x-default">© Zoë &amp; Söhne</rdf:li></rdf:Alt>'
    "</dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"
).encode()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_notice_that_only_xmp_has_is_kept(file_format: str, quarters: npt.NDArray[np.uint8], save: Save) -> None:
    if file_format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        data = save(quarters, "PNG", pnginfo=text)
    elif file_format == "TIFF":
        data = save(quarters, "TIFF", tiffinfo={700: XMP})
    else:
        data = save(quarters, file_format, xmp=XMP)
    assert metadata_of(data).copyright == "© Zoë & Söhne"


def test_a_notice_that_only_press_agencies_metadata_has_is_kept(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    notice = "© Agentur Müller".encode()
    records = b"\x1c\x02\x74" + struct.pack(">H", len(notice)) + notice
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + bytes(len(records) % 2)
    segment = b"Photoshop 3.0\0" + resource
    jpeg = save(quarters, "JPEG")
    data = jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
    assert metadata_of(data).copyright == "© Agentur Müller"
    damaged = data.replace(b"\x1c\x02\x74", b"\x1c\xff\xff")
    assert metadata_of(damaged).copyright is None


def test_an_endless_notice_is_cut(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    notice = metadata_of(save(quarters, "JPEG", exif=exif(Copyright=b"x" * 60000))).copyright
    assert notice is not None
    assert len(notice) == 2000


def test_a_broken_exif_block_does_not_cost_the_picture(quarters: npt.NDArray[np.uint8], save: Save) -> None:
    data = save(quarters, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(range(200)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert metadata_of(data).orientation == 1
