"""A boto3 session that is blind to the person's own AWS settings."""

import os

import boto3
import botocore.session

REGION = "us-east-1"

# Nothing checks them. They have to be there, or boto3 looks for real ones.
ACCESS_KEY_ID = "local"
SECRET_ACCESS_KEY = "local"  # noqa: S105


def local_session() -> boto3.Session:
    """Reads no profile and no configuration file: with them it could fail, or reach the real AWS."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
        botocore_session=session,
    )
