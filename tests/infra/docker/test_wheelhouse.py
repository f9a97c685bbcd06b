"""If these fail, an engine without a network builds an image of something else than pyproject.toml says."""

import re
import tomllib
from pathlib import Path

from infra.docker.wheelhouse import STAMP, fill, image_requirements, stand_in_requirement, video_requirements
from infra.local.aws import REPOSITORY

PYPROJECT = REPOSITORY / "pyproject.toml"


def test_all_that_the_image_function_is_installed_from_is_asked_for() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())
    asked = image_requirements(PYPROJECT)
    installed = re.findall(r"\[([a-z,]+)\]'", (REPOSITORY / "functions" / "image" / "Dockerfile").read_text())
    assert installed
    assert set(declared["project"]["dependencies"]) <= set(asked)
    for extra in (extra for extras in installed for extra in extras.split(",")):
        assert set(declared["project"]["optional-dependencies"][extra]) <= set(asked)
    assert set(declared["build-system"]["requires"]) <= set(asked)


def test_the_stand_in_is_built_of_the_photos_wheels() -> None:
    assert stand_in_requirement() in image_requirements(PYPROJECT)


def test_a_wheelhouse_holds_one_build_of_torch() -> None:
    """pip would take whichever is newer, and the image function's engine has no room for CUDA."""
    for requirements in (image_requirements, video_requirements):
        assert len([name for name in requirements(PYPROJECT) if name.startswith("torch==")]) == 1


def test_a_changed_requirement_empties_what_was_gathered_for_another(tmp_path: Path) -> None:
    """Wheels of two times in one folder would let pip mix them."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    gathered: list[tuple[str, ...]] = []
    wanted = ["numpy"]

    def gather(into: str, *what: str) -> None:
        gathered.append(what)
        (Path(into) / f"{len(gathered)}.whl").touch()

    assert fill(folder, wanted, gather)
    assert not fill(folder, wanted, gather)
    assert sorted(path.name for path in folder.iterdir()) == ["1.whl", "2.whl", STAMP]
    wanted.append("pillow!=11.0")
    assert fill(folder, wanted, gather)
    assert sorted(path.name for path in folder.iterdir()) == ["3.whl", "4.whl", STAMP]
    assert gathered[2] == ("numpy", "pillow!=11.0")
