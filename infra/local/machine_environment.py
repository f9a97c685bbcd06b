"""The variables that the function's process and a job's share: where AWS is, and nothing of the person's own AWS."""

import os

from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

# Where programs, libraries and scratch space are. All else is set here.
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


def machine_environment(endpoint: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
