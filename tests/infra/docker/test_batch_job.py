"""If these fail, `make video-image` runs the video job in another way than AWS Batch does."""

from cutout.events import Upload
from infra.docker.batch_job import RULES, SCRATCH, command, job_definition, job_variables
from infra.docker.video_chain import SETTINGS

AWS_BATCH_SETS = {
    "AWS_BATCH_JOB_ID",
    "AWS_BATCH_JOB_ATTEMPT",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
}


def test_the_command_is_the_job_definitions_with_the_uploads_names() -> None:
    assert command(Upload("in", "-a b + ü.mp4", "v1", "e1")) == [
        "/opt/venv/bin/python",
        "/var/task/job.py",
        "--",
        "in",
        "-a b + ü.mp4",
        "v1",
        "e1",
    ]
    assert command(Upload("in", "a.mp4"))[-2:] == ["-", "-"]


def test_the_job_is_told_of_nothing_that_the_template_does_not_tell_it() -> None:
    told = {variable["Name"] for variable in job_definition()["Environment"] if "Name" in variable}
    chosen = {variable["Fn::If"][1]["Name"] for variable in job_definition()["Environment"] if "Fn::If" in variable}
    assert (job_variables("1").keys() | SETTINGS.keys()) - AWS_BATCH_SETS <= told | chosen


def test_the_container_is_bound_as_the_job_definition_binds_it() -> None:
    definition = job_definition()
    assert definition["User"] == RULES[RULES.index("--user") + 1]
    assert definition["ReadonlyRootFilesystem"] == ("--read-only" in RULES)
    assert definition["LinuxParameters"]["InitProcessEnabled"] == ("--init" in RULES)
    assert [mount["ContainerPath"] for mount in definition["MountPoints"]] == [SCRATCH[1]]
