"""Pictures with a known truth."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

Save = Callable[..., bytes]


@pytest.fixture(scope="session")
def quarters() -> npt.NDArray[np.uint8]:
    """48x80x3: red, green, blue and white quarters, from the top left, so that no turn looks like another."""
    pixels = np.zeros((48, 80, 3), np.uint8)
    pixels[:24, :40] = 200, 0, 0
    pixels[:24, 40:] = 0, 200, 0
    pixels[24:, :40] = 0, 0, 200
    pixels[24:, 40:] = 200, 200, 200
    return pixels


@pytest.fixture(scope="session")
def texture() -> npt.NDArray[np.uint16]:
    """37x53x4: every 16-bit value is as likely as any other."""
    return np.random.default_rng(7).integers(0, 65536, (37, 53, 4), dtype=np.uint16)


@pytest.fixture(scope="session")
def save() -> Save:
    """The bytes of a file that Pillow writes."""

    def save_with_pillow(image: Image.Image | npt.NDArray[Any], file_format: str, **options: Any) -> bytes:
        file = io.BytesIO()
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, file_format, **options)
        return file.getvalue()

    return save_with_pillow


@pytest.fixture(scope="session")
def unturned(quarters: npt.NDArray[np.uint8]) -> dict[int, npt.NDArray[np.uint8]]:
    """For each EXIF orientation, what a camera stores so that viewers show `quarters` (EXIF 3.0, tag 274).

    Row 0 and column 0 of the stored picture are: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
    5 left top, 6 right top, 7 right bottom, 8 left bottom.
    """
    sideways = quarters.swapaxes(0, 1)
    return {
        1: quarters,
        2: quarters[:, ::-1],
        3: quarters[::-1, ::-1],
        4: quarters[::-1],
        5: sideways,
        6: sideways[::-1],
        7: sideways[::-1, ::-1],
        8: sideways[:, ::-1],
    }
