"""`make chaos`: prints what happened, and ends with 1 where the promise was broken."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator

import click

from infra.local.chaos.audit import Kind
from infra.local.chaos.plan import REMOVED
from infra.local.chaos.run import NeverAtRest, Report, Settings, run


@click.command()
@click.option("--seed", default=1, show_default=True, help="What is drawn from it: uploads, faults, repeats, kills.")
@click.option("--uploads", default=300, show_default=True, help="How many are uploaded.")
@click.option("--clips", default=6, show_default=True, help="How many of them are videos.")
@click.option("--limit-seconds", default=270.0, show_default=True, help="Longest wait for the queues.")
def main(seed: int, uploads: int, clips: int, limit_seconds: float) -> None:
    settings = Settings(
        seed=seed,
        uploads=uploads,
        clips=clips,
        fault_share=0.06,
        most_faults=uploads,
        stalls=3,
        kill_pause_seconds=4,
        function_kills=uploads // 15,
        job_kills=clips // 2,
        limit_seconds=limit_seconds,
    )
    logging.getLogger("infra.local.queue_pump").setLevel(logging.ERROR)  # it tells of each fault that it meets
    try:
        report = run(settings, click.echo)
    except NeverAtRest as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(lines(report)))
    if report.violations or report.dead_after:
        sys.exit("make chaos: the promise was broken.")
    click.echo("make chaos: every upload has exactly one outcome.")


def lines(report: Report) -> Iterator[str]:
    heard = report.found.heard
    decided = {event.detail["outcome_id"]: event for event in heard}
    kinds = Counter(violation.kind for violation in report.violations)
    yield f"seed {report.settings.seed}, {report.seconds:.0f} s"
    yield f"  uploads    {len(report.found.uploads)}"
    yield f"  events     {report.events}, and {report.repeats} repeats of them"
    yield f"  faults     {sum(report.faults.values())}: {counted(report)}"
    yield f"  killed     {report.function_kills} function processes, {report.job_kills} jobs"
    removed = sum(event.outcome == REMOVED for event in decided.values())
    yield f"  outcomes   {len(decided)} decided: {removed} removed, {len(decided) - removed} refused"
    yield f"  told       {len(heard)} times; {len(heard) - len(decided)} again, with the same id and words"
    yield f"  dead       {report.dead} letters, {report.dead_after} after `cutout redrive`"
    yield f"  lost       {kinds[Kind.LOST]}"
    yield f"  doubled    {kinds[Kind.DOUBLED] + kinds[Kind.CHANGED]}"
    for violation in report.violations:
        yield f"  {violation.kind}: {violation.identity}: {violation.text}"


def counted(report: Report) -> str:
    by_service: Counter[str] = Counter()
    for (service, _), count in report.faults.items():
        by_service[service] += count
    by_fault: Counter[str] = Counter()
    for (_, fault), count in report.faults.items():
        by_fault[fault] += count
    return "; ".join(
        ", ".join(f"{count} {name}" for name, count in each.most_common()) for each in (by_service, by_fault)
    )


if __name__ == "__main__":
    main()
