"""If these fail, `sam build` or `docker build` fails on a person's machine, or makes what Lambda or Batch can't run."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from cutout.events import Upload
from infra.docker import image_size, video_image
from infra.docker.base_image import BASE_IMAGE
from infra.docker.batch_job import command
from infra.docker.command import run
from infra.docker.hardened import NOBODY
from infra.local.aws import REPOSITORY
from infra.local.template import load

IMAGE = REPOSITORY / "functions" / "image" / "Dockerfile"
VIDEO = REPOSITORY / "functions" / "video" / "Dockerfile"
STAND_IN = REPOSITORY / "infra" / "docker" / "stand-in.Dockerfile"


def instructions(dockerfile: Path) -> list[str]:
    """Each instruction on a line of its own, without comments."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def shipped(dockerfile: Path) -> list[str]:
    """The last stage, which is all that is deployed."""
    every = instructions(dockerfile)
    return every[max(number for number, line in enumerate(every) if line.startswith("FROM")) :]


@pytest.mark.parametrize("dockerfile", [IMAGE, VIDEO, STAND_IN])
def test_the_plain_builder_that_sam_uses_understands_it(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    assert "# syntax=" not in text
    assert not re.search(r"--mount|--link|--chmod|<<", text)


@pytest.mark.parametrize("dockerfile", [IMAGE, VIDEO, STAND_IN])
def test_no_index_and_no_registry_is_written_into_it(dockerfile: Path) -> None:
    """Whoever has a mirror names it in pip's own settings and in BASE_IMAGE."""
    assert "://" not in re.sub(r"127\.0\.0\.1|0\.0\.0\.0", "", dockerfile.read_text())
    default = next(line for line in instructions(dockerfile) if line.startswith("ARG BASE_IMAGE"))
    assert default == f"ARG BASE_IMAGE={BASE_IMAGE}"


def test_the_template_builds_on_the_same_base() -> None:
    template = load(REPOSITORY / "template.yaml")
    assert template["Parameters"]["BaseImage"]["Default"] == BASE_IMAGE


@pytest.mark.parametrize("dockerfile", [IMAGE, VIDEO, STAND_IN])
def test_all_that_is_copied_is_let_through_to_the_builder(dockerfile: Path) -> None:
    let_through = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copies = [line.split()[1:-1] for line in instructions(dockerfile) if re.match(r"COPY (?!--from)", line)]
    for source in {source.replace("[e]", "e") for sources in copies for source in sources}:
        assert let_through & {source, *map(str, Path(source).parents)}, source


@pytest.mark.parametrize(
    ("dockerfile", "modules"),
    [
        (IMAGE, "cutout.models, cutout.saliency.compile, cutout.saliency.fetch"),
        (VIDEO, "cutout.models, cutout.saliency.fetch"),
    ],
)
def test_the_part_of_the_library_that_brings_the_nets_is_whole(tmp_path: Path, dockerfile: Path, modules: str) -> None:
    """The image is built with this part alone."""
    library = "layers/cutout/python/cutout/"
    stage = "\n".join(instructions(dockerfile)).split("FROM ")[2]
    copied = [word for line in stage.splitlines() if line.startswith("COPY layers/") for word in line.split()[1:-1]]
    assert all(source.startswith(library) for source in copied)
    for source in copied:
        target = tmp_path / "cutout" / source.removeprefix(library)
        target.parent.mkdir(exist_ok=True, parents=True)
        target.symlink_to(REPOSITORY / source)
    run(
        [sys.executable, "-c", f"import {modules}"],
        timeout_seconds=60,
        environment={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )


def test_the_image_runs_the_handler_under_lambdas_runtime_as_nobody() -> None:
    last = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in shipped(IMAGE)}
    assert last["USER"] == NOBODY
    assert json.loads(last["ENTRYPOINT"]) == [image_size.PYTHON, "-m", "awslambdaric"]
    assert json.loads(last["CMD"]) == ["handler.handler"]


def test_the_job_runs_as_nobody_with_the_job_definitions_own_command() -> None:
    last = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in shipped(VIDEO)}
    assert last["USER"] == NOBODY
    assert json.loads(last["ENTRYPOINT"]) == []
    assert "CMD" not in last
    interpreter, job, *_ = command(Upload("in", "a.mp4"))
    assert interpreter == image_size.PYTHON
    assert f"COPY --from=library {Path(job).parent} {Path(job).parent}" in shipped(VIDEO)


@pytest.mark.parametrize(("dockerfile", "unlocked"), [(IMAGE, 1), (VIDEO, 0)])
def test_every_package_that_is_installed_is_held_by_a_hash(dockerfile: Path, unlocked: int) -> None:
    """But for torch where it compiles the nets: its builds differ from index to index, and none is shipped."""
    steps = re.findall(r"pip (?:--python \S+ )?install [^&]*", "\n".join(instructions(dockerfile)))
    free = [step for step in steps if "--require-hashes" not in step and "--no-deps" not in step]
    assert len(free) == unlocked
    assert all("[compile,kernels]" in step for step in free)


def test_an_image_that_was_replaced_is_known_by_its_label() -> None:
    """Each is 5 GB. Of a person's own images none is removed."""
    assert f"LABEL {video_image.LABEL}" in shipped(VIDEO)


def test_the_job_is_given_the_gpus_processors_and_its_encoder() -> None:
    """Without `video` the driver's NVENC isn't there."""
    (variables,) = [line for line in shipped(VIDEO) if line.startswith("ENV")]
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility,video" in variables.split()


@pytest.mark.parametrize(("dockerfile", "stage"), [(IMAGE, "model"), (VIDEO, "weights")])
def test_the_image_has_its_weights_and_downloads_none(dockerfile: Path, stage: str) -> None:
    (variables,) = [line for line in shipped(dockerfile) if line.startswith("ENV")]
    assert "CUTOUT_WEIGHTS_DIR=/opt/weights" in variables.split()
    assert f"COPY --from={stage} /opt/weights /opt/weights" in shipped(dockerfile)


def test_torch_is_installed_in_the_stage_that_is_left_behind_and_nowhere_else() -> None:
    stages = "\n".join(instructions(IMAGE)).split("FROM ")
    torch = re.compile(r"[\[,](compile|torch)")
    assert [stage.splitlines()[0] for stage in stages if torch.search(stage)] == ["installer AS model"]


def test_every_extra_that_is_installed_is_declared() -> None:
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.findall(r"\[([a-z,]+)\]'", IMAGE.read_text())
    assert asked
    assert {extra for extras in asked for extra in extras.split(",")} <= declared.keys()
