import mmap
from pathlib import Path

import pytest

from cutout.saliency.mapped_file import MAPPINGS, let_go

MEGABYTES = 64


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE / 1e6


@pytest.mark.skipif(not MAPPINGS.is_file(), reason="skipped: this is not Linux")
def test_a_mapped_file_takes_no_memory_until_it_is_read_again(tmp_path: Path) -> None:
    """Without this, a net's weights take their memory twice."""
    path = tmp_path / "with a space.bin"
    content = bytes(range(256)) * 4096 * MEGABYTES
    path.write_bytes(content)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == content
        before = resident_megabytes()
        let_go(path)
        assert resident_megabytes() < before - 0.9 * MEGABYTES
        assert mapped[:] == content


def test_a_file_that_is_not_mapped_is_nothing_to_do(tmp_path: Path) -> None:
    let_go(tmp_path / "nothing.bin")
