"""A small run of chaos. If it fails, an upload is lost, has two outcomes or a wrong one, or an output is half-written.

`make chaos` is the large one.
"""

from infra.local.chaos.__main__ import lines
from infra.local.chaos.plan import CURSED_PREFIX
from infra.local.chaos.run import Settings, run

SMALL = Settings(
    seed=11,
    uploads=24,
    clips=1,
    fault_share=0.08,
    most_faults=24,
    stalls=1,
    kill_pause_seconds=3,
    function_kills=3,
    job_kills=1,
    limit_seconds=240,
)


def test_every_upload_has_exactly_one_outcome_whatever_happens() -> None:
    report = run(SMALL, lambda _: None)
    said = "\n".join(lines(report))
    assert report.violations == [], said
    assert report.dead_after == 0, said
    assert report.dead, "what is cursed was in the dead-letter queue until the redrive"
    assert report.faults["s3", "cursed"]
    assert report.repeats
    assert report.function_kills
    assert any(upload.key.startswith(CURSED_PREFIX) for upload in report.found.uploads)
    assert len({event.detail["outcome_id"] for event in report.found.heard}) == SMALL.uploads
