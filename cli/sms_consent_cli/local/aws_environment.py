"""Isolation of this process from real AWS accounts."""

from __future__ import annotations

import os
from functools import cache

__all__ = ["ACCOUNT", "REGION", "isolate", "read_service_models_once"]

ACCOUNT = "123456789012"
"""The account that moto assigns to unknown credentials, and the account in the files in events/."""
REGION = "us-east-1"
"""Fixed, so that results are the same on every machine."""


def isolate() -> None:
    """Replace the shell's AWS settings: a profile or endpoint could lead to a real account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "POWERTOOLS_"))]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106  no secret: moto takes any
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true",
        AWS_EC2_METADATA_DISABLED="true",
    )


def read_service_models_once() -> None:
    """Share botocore's data files among sessions, each of which would read them again: saves a fifth of the start.

    moto opens some fifty sessions while it is imported. Within one session, botocore shares the files in the same way.
    """
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file

    @cache
    def load(path: str) -> object:
        return read(JSONFileLoader(), path)

    def load_file(_loader: JSONFileLoader, path: str) -> object:
        return load(path)

    setattr(JSONFileLoader, "load_file", load_file)  # noqa: B010  an assignment to a method is what the types forbid
