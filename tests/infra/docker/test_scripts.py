"""If these fail, `make sam` starts a second engine beside a person's own, or ends in silence where there is none."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.aws import REPOSITORY

SCRIPTS = REPOSITORY / "infra" / "docker"
Pretend = Callable[..., None]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pretend(tmp_path: Path) -> Pretend:
    """Puts programs in front of the machine's own: `pretend(docker="exit 1")`."""

    def put(**programs: str) -> None:
        for name, script in programs.items():
            path = tmp_path / name
            path.write_text(f"#!/bin/bash\n{script}\n")
            path.chmod(0o755)

    return put


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        return subprocess.run(
            [SCRIPTS / name, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return script


def test_the_engine_that_answers_is_used_and_left_running(pretend: Pretend, run: Run, tmp_path: Path) -> None:
    pretend(docker='test "$1" = version', dockerd=f"touch {tmp_path}/started")
    done = run("with-engine.sh", "bash", "-c", "echo ran; exit 7")
    assert (done.stdout, done.returncode) == ("ran\n", 7)
    assert not (tmp_path / "started").exists()


def test_without_an_engine_and_the_right_to_start_one_it_says_so(pretend: Pretend, run: Run) -> None:
    pretend(docker="exit 1", id="echo 1000")
    done = run("with-engine.sh", "echo", "ran")
    assert (done.stdout, done.returncode) == ("", 1)
    assert "NO DOCKER ENGINE ANSWERS" in done.stderr


def test_the_base_image_is_taken_from_the_registry_where_there_is_one(pretend: Pretend, run: Run) -> None:
    pretend(docker='[ "$1" = pull ]')
    assert run("base-image.sh", "python:3.11-slim-bookworm").stdout == "python:3.11-slim-bookworm\n"


def test_without_a_registry_the_base_image_is_debians(pretend: Pretend, run: Run) -> None:
    pretend(docker='[ "$3" = cutout-base:bookworm ]')
    done = run("base-image.sh", "python:3.11-slim-bookworm")
    assert done.stdout == "cutout-base:bookworm\n"
    assert "No registry has python:3.11-slim-bookworm" in done.stderr


def test_what_is_installed_is_not_installed_again(pretend: Pretend, run: Run) -> None:
    pretend(**{"apt-get": "exit 1"})
    assert run("install-missing.sh", "bash:bash").returncode == 0


def test_what_cannot_be_installed_is_named(pretend: Pretend, run: Run) -> None:
    pretend(id="echo 1000")
    done = run("install-missing.sh", "no-such-program:its-package")
    assert done.returncode == 1
    assert "its-package" in done.stderr
