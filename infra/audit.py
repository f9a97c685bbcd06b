"""The locked packages, held against the public lists of vulnerabilities.

It fails where a list names one, and where pip-audit can't read a lock. What no list could be asked about is said in
one line: a machine without a way to the lists audits nothing, and says so.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

TIMEOUT_SECONDS = 120
UNREACHABLE = ("ConnectionError", "ServiceError", "Timeout")


class AuditFailed(Exception):
    """pip-audit ended otherwise than by a report."""


def ask(tool: Path, lock: Path) -> str | None:
    """pip-audit's report on `lock`, as JSON; None where no list of vulnerabilities can be reached."""
    command = [str(tool), "--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own tool and our own files
            [*command, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    report: str = ran.stdout
    if report.startswith("{"):
        return report
    if any(word in ran.stderr for word in UNREACHABLE):
        return None
    raise AuditFailed(f"{lock.name}: {ran.stderr.strip()[-500:]}")


def audit(locks: Sequence[Path], report_on: Callable[[Path], str | None]) -> tuple[str, int]:
    """A sentence, and the exit status: 1 where there is something to mend.

    Where nothing is heard of the first lock, the others aren't asked about.
    """
    audited: set[str] = set()
    unheard: set[str] = set()
    holes: dict[str, list[str]] = {}
    for lock in locks:
        report = report_on(lock)
        if report is None:
            unheard.add(f"all of {lock.name}")
        for package in json.loads(report or '{"dependencies": []}')["dependencies"]:
            if "skip_reason" in package:
                unheard.add(package["name"])
                continue
            name = f"{package['name']} {package['version']}"
            audited.add(name)
            if package["vulns"]:
                holes[name] = [found["id"] for found in package["vulns"]]
        if not audited:
            return "audit: NOT DONE. No list of vulnerabilities can be reached from here.", 0
    if holes:
        listed = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in sorted(holes.items()))
        return f"audit: FAILED. {listed}. Renew the locks: make lock UPGRADE=--upgrade", 1
    rest = f" Nothing was heard of {', '.join(sorted(unheard))}." if unheard else ""
    return f"audit: nothing is known against {len(audited)} locked packages.{rest}", 0


def main(arguments: Sequence[str]) -> int:
    tool, *locks = map(Path, arguments)
    try:
        sentence, status = audit(locks, lambda lock: ask(tool, lock))
    except AuditFailed as error:
        sentence, status = f"audit: FAILED. {error}", 1
    sys.stdout.write(sentence + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
