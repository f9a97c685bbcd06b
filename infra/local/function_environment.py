"""The variables of the function's process: what Lambda would give it, and nothing of the person's own AWS."""

from collections.abc import Mapping

from infra.local.deployment import FunctionConfiguration
from infra.local.function import HANDLER
from infra.local.machine_environment import machine_environment


def function_environment(
    configuration: FunctionConfiguration, *, endpoint: str, task_root: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """All variables of the process. `extra` wins over the template's own, as `sam local --env-vars` does."""
    return {
        **machine_environment(endpoint),
        "_HANDLER": HANDLER,
        "LAMBDA_TASK_ROOT": task_root,
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_megabytes),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": configuration.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "embedded",
        **configuration.environment,
        **extra,
    }
