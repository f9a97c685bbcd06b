"""The variables of the function's process: what Lambda would give it, and nothing of the person's own AWS."""

import os
from collections.abc import Mapping

from infra.local.deployment import FunctionConfiguration
from infra.local.function import HANDLER
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

# Where programs, libraries and scratch space are. All else is set here.
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


def function_environment(
    configuration: FunctionConfiguration, *, endpoint: str, task_root: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """All variables of the process. `extra` wins over the template's own, as `sam local --env-vars` does."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": HANDLER,
        "LAMBDA_TASK_ROOT": task_root,
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_megabytes),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": configuration.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "embedded",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **configuration.environment,
        **extra,
    }
