"""If these fail, `sam build` fails on a person's machine, or builds an image that Lambda can't run."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from infra.docker import image_size
from infra.docker.chain import BASE_IMAGE
from infra.docker.command import run
from infra.docker.hardened import NOBODY
from infra.local.aws import REPOSITORY
from infra.local.template import load

IMAGE = REPOSITORY / "functions" / "image" / "Dockerfile"
STAND_IN = REPOSITORY / "infra" / "docker" / "stand-in.Dockerfile"


def instructions(dockerfile: Path) -> list[str]:
    """Each instruction on a line of its own, without comments."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def shipped() -> list[str]:
    """The last stage, which is all that is deployed."""
    every = instructions(IMAGE)
    return every[max(number for number, line in enumerate(every) if line.startswith("FROM")) :]


@pytest.mark.parametrize("dockerfile", [IMAGE, STAND_IN])
def test_the_plain_builder_that_sam_uses_understands_it(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    assert "# syntax=" not in text
    assert not re.search(r"--mount|--link|--chmod|<<", text)


@pytest.mark.parametrize("dockerfile", [IMAGE, STAND_IN])
def test_no_index_and_no_registry_is_written_into_it(dockerfile: Path) -> None:
    """Whoever has a mirror names it in pip's own settings and in BASE_IMAGE."""
    assert "://" not in re.sub(r"127\.0\.0\.1|0\.0\.0\.0", "", dockerfile.read_text())
    default = next(line for line in instructions(dockerfile) if line.startswith("ARG BASE_IMAGE"))
    assert default == f"ARG BASE_IMAGE={BASE_IMAGE}"


def test_the_template_builds_on_the_same_base() -> None:
    template = load(REPOSITORY / "template.yaml")
    assert template["Parameters"]["BaseImage"]["Default"] == BASE_IMAGE


@pytest.mark.parametrize("dockerfile", [IMAGE, STAND_IN])
def test_all_that_is_copied_is_let_through_to_the_builder(dockerfile: Path) -> None:
    let_through = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copies = [line.split()[1:-1] for line in instructions(dockerfile) if re.match(r"COPY (?!--from)", line)]
    for source in {source.replace("[e]", "e") for sources in copies for source in sources}:
        assert let_through & {source, *map(str, Path(source).parents)}, source


def test_the_part_of_the_library_that_compiles_the_nets_is_whole(tmp_path: Path) -> None:
    """The image is built with this part alone."""
    library = "layers/cutout/python/cutout/"
    stage = "\n".join(instructions(IMAGE)).split("FROM ")[2]
    copied = [word for line in stage.splitlines() if line.startswith("COPY") for word in line.split()[1:-1]]
    assert all(source.startswith(library) for source in copied)
    for source in copied:
        target = tmp_path / "cutout" / source.removeprefix(library)
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(REPOSITORY / source)
    run(
        [sys.executable, "-c", "import cutout.cli, cutout.saliency.compile, cutout.saliency.fetch"],
        timeout_seconds=60,
        environment={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )


def test_the_image_runs_the_handler_under_lambdas_runtime_as_nobody() -> None:
    last = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in shipped()}
    assert last["USER"] == NOBODY
    assert json.loads(last["ENTRYPOINT"]) == [image_size.PYTHON, "-m", "awslambdaric"]
    assert json.loads(last["CMD"]) == ["handler.handler"]


def test_the_image_has_its_weights_and_downloads_none() -> None:
    (variables,) = [line for line in shipped() if line.startswith("ENV")]
    assert "CUTOUT_WEIGHTS_DIR=/opt/weights" in variables.split()
    assert "COPY --from=model /opt/weights /opt/weights" in shipped()


def test_torch_is_installed_in_the_stage_that_is_left_behind_and_nowhere_else() -> None:
    stages = "\n".join(instructions(IMAGE)).split("FROM ")
    assert [stage.splitlines()[0] for stage in stages if re.search(r"[\[,]torch", stage)] == ["installer AS model"]


def test_every_extra_that_is_installed_is_declared() -> None:
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.findall(r"'\.\[([a-z,]+)\]'", IMAGE.read_text())
    assert asked
    assert {extra for extras in asked for extra in extras.split(",")} <= declared.keys()
