"""TIFFs that we would read as garbage have to be refused by name."""

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from cutout.errors import UnsupportedFormat
from cutout.media.tiff import read_layout


def tiff(samples: npt.NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{"byteorder": "<"}, {"byteorder": ">"}, {"bigtiff": True}])
def test_sixteen_bits_are_found(options: dict[str, Any], texture: npt.NDArray[np.uint16]) -> None:
    layout = read_layout(tiff(texture[..., :3], photometric="rgb", **options))
    assert layout.is_sixteen_bit
    assert not layout.has_alpha


@pytest.mark.parametrize(
    ("extra", "has_alpha", "is_premultiplied"),
    [("unassalpha", True, False), ("assocalpha", True, True), ("unspecified", False, False)],
)
def test_alpha_is_told_from_any_other_fourth_channel(
    extra: str, has_alpha: bool, is_premultiplied: bool, texture: npt.NDArray[np.uint16]
) -> None:
    layout = read_layout(tiff(texture, photometric="rgb", extrasamples=[extra]))
    assert (layout.has_alpha, layout.is_premultiplied) == (has_alpha, is_premultiplied)


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int16])
def test_measurements_are_no_photo(dtype: type, texture: npt.NDArray[np.uint16]) -> None:
    with pytest.raises(UnsupportedFormat, match="not 8 or 16 bits"):
        read_layout(tiff(texture[..., 0].astype(dtype), photometric="minisblack"))


def test_separate_planes_of_sixteen_bits_are_refused(texture: npt.NDArray[np.uint16]) -> None:
    planes = np.moveaxis(texture[..., :3], 2, 0)
    with pytest.raises(UnsupportedFormat, match="separate planes"):
        read_layout(tiff(planes, photometric="rgb", planarconfig="separate"))


@pytest.mark.parametrize(
    "options", [{"subfiletype": 1}, {"extratags": [(50706, "B", 4, (1, 4, 0, 0), False)]}], ids=["thumbnail", "dng"]
)
def test_the_thumbnail_of_a_raw_file_is_not_taken_for_the_photo(options: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFormat, match="camera raw"):
        read_layout(tiff(np.zeros((16, 16, 3), np.uint8), photometric="rgb", **options))


def test_damaged_tags_raise() -> None:
    with pytest.raises((SyntaxError, struct.error)):
        read_layout(b"II*\0\x08\0\0")
