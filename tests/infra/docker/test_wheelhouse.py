"""If these fail, an engine without a network builds an image of something else than the locks say."""

import re
from pathlib import Path

import pytest

from infra.docker.wheelhouse import IMAGE_LOCKS, STAMP, VIDEO_LOCKS, fill, versions_of
from infra.local.aws import REPOSITORY

IMAGE = ("functions/image/Dockerfile", "infra/docker/stand-in.Dockerfile")
VIDEO = ("functions/video/Dockerfile",)


@pytest.mark.parametrize(("dockerfiles", "locks"), [(IMAGE, IMAGE_LOCKS), (VIDEO, VIDEO_LOCKS)])
def test_each_lock_that_an_image_is_installed_from_is_gathered(
    dockerfiles: tuple[str, ...], locks: tuple[str, ...]
) -> None:
    read = "".join((REPOSITORY / path).read_text() for path in dockerfiles)
    assert set(re.findall(r"requirements/([\w-]+)\.txt", read)) == set(locks)


def test_what_changed_empties_what_was_gathered_for_another(tmp_path: Path) -> None:
    """Wheels of two times in one folder would let pip mix them."""
    folder, lock = tmp_path / "wheelhouse", tmp_path / "lock.txt"
    folder.mkdir()
    lock.write_text("numpy==2.4.6 --hash=sha256:00")
    gathered: list[tuple[str, ...]] = []

    def gather(into: str, *what: str) -> None:
        gathered.append(what)
        (Path(into) / f"{len(gathered)}.whl").touch()

    assert fill(folder, [lock], ["torch"], gather)
    assert not fill(folder, [lock], ["torch"], gather)
    assert gathered[0] == ("--no-deps", "--require-hashes", "--requirement", str(lock))
    assert (gathered[1][0], gathered[1][-1]) == ("--constraint", "torch")
    assert sorted(path.name for path in folder.iterdir()) == ["1.whl", "2.whl", "3.whl", STAMP]
    lock.write_text("numpy==2.4.7 --hash=sha256:00")
    assert fill(folder, [lock], ["torch"], gather)
    assert sorted(path.name for path in folder.iterdir()) == ["4.whl", "5.whl", "6.whl", STAMP]


def test_what_no_lock_holds_needs_the_versions_of_the_locks(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    hashes = " \\\n    --hash=sha256:0a \\\n    --hash=sha256:0b\n"
    lock.write_text(f"moto==5.2.3{hashes}numpy==2.4.6 ; python_full_version < '3.12'{hashes}")
    assert versions_of(lock) == "moto==5.2.3\nnumpy==2.4.6 ; python_full_version < '3.12'\n"
