"""The variables of a job's process: what its definition, AWS Batch and its image would give it."""

from collections.abc import Mapping

from infra.local.job_configuration import JobConfiguration
from infra.local.machine_environment import machine_environment


def job_environment(configuration: JobConfiguration, *, endpoint: str, extra: Mapping[str, str]) -> dict[str, str]:
    """All variables but those that differ from attempt to attempt. `extra` is what the image would set."""
    return {
        **machine_environment(endpoint),
        "AWS_BATCH_JQ_NAME": configuration.queue_arn.rsplit("/", 1)[1],
        **configuration.environment,
        **extra,
    }
