"""If these fail, a photo that is meant for the AWS in a container is looked for in the real one."""

import os

from infra.docker.sam import FUNCTION, sam_environment
from infra.docker.stand_in import function_variables
from infra.local.aws import REPOSITORY
from infra.local.template import load


def test_the_template_has_every_variable_that_sam_is_to_override() -> None:
    """`sam local --env-vars` passes over a variable that the template doesn't name, without a word."""
    template = load(REPOSITORY / "template.yaml")
    named = template["Resources"][FUNCTION]["Properties"]["Environment"]["Variables"]
    assert function_variables("http://s3:5000").keys() <= named.keys()


def test_sam_sees_nothing_of_the_persons_own_aws() -> None:
    person = {"PATH": "/bin", "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "real", "AWS_ENDPOINT_URL": "http://real"}
    told = sam_environment(person, "http://127.0.0.1:5000")
    assert told["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} & told.keys()
    assert told["AWS_ENDPOINT_URL_STS"] == "http://127.0.0.1:5000"
    assert {told["AWS_CONFIG_FILE"], told["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}
    assert told["SAM_CLI_TELEMETRY"] == "0"
