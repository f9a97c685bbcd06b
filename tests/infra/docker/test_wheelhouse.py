"""If these fail, an engine without a network builds an image of something else than pyproject.toml says."""

import tomllib
from pathlib import Path

from infra.docker.wheelhouse import STAMP, fill, project_requirements, stand_in_requirement
from infra.local.aws import REPOSITORY

PYPROJECT = REPOSITORY / "pyproject.toml"


def test_all_that_the_image_is_installed_from_is_asked_for() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())
    requirements = project_requirements(PYPROJECT)
    assert set(declared["project"]["dependencies"]) <= set(requirements)
    for extra in ("function", "openvino", "torch"):
        assert set(declared["project"]["optional-dependencies"][extra]) <= set(requirements)
    assert set(declared["build-system"]["requires"]) <= set(requirements)
    assert stand_in_requirement() in requirements


def test_a_changed_requirement_empties_what_was_gathered_for_another(tmp_path: Path) -> None:
    """Wheels of two times in one folder would let pip mix them."""
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(PYPROJECT.read_text())
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    gathered: list[tuple[str, ...]] = []

    def gather(into: str, *what: str) -> None:
        gathered.append(what)
        (Path(into) / f"{len(gathered)}.whl").touch()

    assert fill(folder, pyproject, gather)
    assert not fill(folder, pyproject, gather)
    assert sorted(path.name for path in folder.iterdir()) == ["1.whl", "2.whl", STAMP]
    pyproject.write_text(PYPROJECT.read_text().replace("pillow>=", "pillow!=11.0,>="))
    assert fill(folder, pyproject, gather)
    assert sorted(path.name for path in folder.iterdir()) == ["3.whl", "4.whl", STAMP]
    assert any("pillow!=11.0" in requirement for requirement in gathered[2])
