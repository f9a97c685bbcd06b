"""If these fail, a package with a known hole passes, or a machine that can't ask says that all is well."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from infra.audit import audit
from infra.local.aws import REPOSITORY

LOCK = Path("function.txt")


def report(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages})


SOUND = {"name": "boto3", "version": "1.0", "vulns": []}
HOLED = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}
UNLISTED = {"name": "mine", "skip_reason": "Dependency not found on PyPI"}


def test_a_known_vulnerability_fails_and_is_named() -> None:
    sentence, status = audit([LOCK], lambda _: report(SOUND, HOLED))
    assert status == 1
    assert "pillow 1.0: PYSEC-1, GHSA-2" in sentence


def test_what_no_list_knows_is_said() -> None:
    sentence, status = audit([LOCK], lambda _: report(SOUND, UNLISTED))
    assert (sentence, status) == ("audit: nothing is known against 1 locked packages. Nothing was heard of mine.", 0)


def test_a_list_that_goes_away_meanwhile_is_not_taken_for_a_good_answer() -> None:
    answers = iter([report(SOUND), None])
    sentence, status = audit([LOCK, Path("dev.txt")], lambda _: next(answers))
    assert status == 0
    assert sentence.endswith("Nothing was heard of all of dev.txt.")


@pytest.mark.parametrize("answer", [None, report(UNLISTED)])
def test_a_machine_without_a_way_to_the_lists_says_so_after_the_first_question(answer: str | None) -> None:
    answers = iter([answer])
    sentence, status = audit([LOCK, LOCK], lambda _: next(answers))
    assert status == 0
    assert sentence.startswith("audit: NOT DONE.")


def locks() -> list[Path]:
    return sorted((REPOSITORY / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", locks(), ids=lambda lock: lock.stem)
def test_every_locked_package_has_a_version_and_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert len(entries) > 3
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+( ; [^\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in lock.read_text()


def entries(lock: str) -> set[str]:
    """Each package with its version, its marker and its hashes."""
    return set(re.split(r"\n(?=\S)", (REPOSITORY / "requirements" / f"{lock}.txt").read_text().strip()))


@pytest.mark.parametrize("lock", ["build", "library", "function", "nets", "video", "stand-in"])
def test_images_are_made_of_what_the_tests_run_on(lock: str) -> None:
    assert entries(lock) <= entries("dev")


def test_the_nets_are_compiled_with_whatever_build_of_torch_there_is() -> None:
    """A lock that held it, or its CUDA, would refuse builds for CPUs or download 5 GB beside them."""
    assert not [entry for entry in entries("nets") if re.match("torch|triton|nvidia|cuda", entry)]
    assert {"sympy", "networkx", "jinja2"} <= {entry.split("==")[0] for entry in entries("nets")}


def test_the_locks_hold_what_the_project_asks_for_and_build_tools() -> None:
    """`make lock` was run after pyproject.toml had changed."""
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    asked = [*declared["project"]["dependencies"], *declared["build-system"]["requires"]]
    for extra in declared["project"]["optional-dependencies"].values():
        asked += [requirement for requirement in extra if not requirement.startswith(("cutout", "torch==2.13"))]
    locked = {re.split("==", line)[0] for lock in locks() for line in lock.read_text().splitlines() if "==" in line}
    names = {re.split(r"[\[<>=!;, ]", requirement)[0].lower().replace("_", "-") for requirement in asked}
    assert names - locked == set()
    built_with = (REPOSITORY / "requirements" / "build.in").read_text().split()
    assert set(declared["build-system"]["requires"]) <= set(built_with)
