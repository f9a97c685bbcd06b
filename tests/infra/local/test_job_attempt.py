"""If these fail, a job is started with other words than its definition has, or leaves something behind."""

import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.job_attempt import TIMED_OUT, JobAttempt, machine_command, substituted
from infra.local.retry_strategy import AttemptEnd

COMMAND = ("/opt/venv/bin/python", "/var/task/job.py", "--", "Ref::key", "Ref::version")


def attempt(folder: Path, source: str, stop_seconds: float = 20) -> JobAttempt:
    (folder / "job.py").write_text(source)
    return JobAttempt(COMMAND, folder, {"PATH": "/usr/bin:/bin"}, folder / "log", stop_seconds)


def test_parameters_take_their_places_and_are_not_looked_into() -> None:
    assert substituted(COMMAND, {"key": "Ref::version", "version": "1"}) == [*COMMAND[:3], "Ref::version", "1"]


def test_a_parameter_that_nobody_gave_stays_as_batch_leaves_it() -> None:
    assert substituted(COMMAND, {"key": "a"}) == [*COMMAND[:3], "a", "Ref::version"]


def test_the_script_is_looked_for_in_the_folder() -> None:
    assert machine_command(COMMAND, Path("/f")) == [sys.executable, "/f/job.py", "--", "Ref::key", "Ref::version"]


@pytest.mark.parametrize("command", [["python", "/var/task/job.py"], ["/opt/venv/bin/python", "/srv/job.py"]])
def test_another_program_is_refused_rather_than_run(command: list[str]) -> None:
    with pytest.raises(ValueError, match="a job runs"):
        machine_command(command, Path("/f"))


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(75)", 75),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139),
    ],
)
def test_the_exit_status_is_the_one_that_a_container_has(tmp_path: Path, source: str, status: int) -> None:
    assert attempt(tmp_path, source).wait(20) == AttemptEnd(status, status_reason="Essential container in task exited")


def test_what_it_prints_and_where_it_fails_can_be_read(tmp_path: Path) -> None:
    attempt(tmp_path, "print('begun', flush=True); raise RuntimeError('broken')").wait(20)

    assert "begun" in (tmp_path / "log").read_text()
    assert "RuntimeError: broken" in (tmp_path / "log").read_text()


def test_out_of_time_it_is_asked_to_end_and_may_tidy_up(tmp_path: Path) -> None:
    source = """
import signal, sys, time
def stop(*_):
    print("tidied up", flush=True)
    sys.exit(75)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"""
    assert attempt(tmp_path, source).wait(2) is TIMED_OUT
    assert (tmp_path / "log").read_text().splitlines() == ["ready", "tidied up"]


def test_one_that_does_not_end_when_asked_is_killed_with_what_it_started(tmp_path: Path) -> None:
    source = """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""
    begin = time.monotonic()
    assert attempt(tmp_path, source, stop_seconds=0.5).wait(2) is TIMED_OUT
    assert time.monotonic() - begin < 10
    wait_until_ended(int((tmp_path / "log").read_text()))


def wait_until_ended(process: int) -> None:
    """A killed process ends a moment later, and may wait as a zombie for a parent to read its status."""
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists():
        with suppress(FileNotFoundError):
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.02)
