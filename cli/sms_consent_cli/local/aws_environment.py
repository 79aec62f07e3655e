"""Decides that nothing in this process ever reaches a real AWS account."""

from __future__ import annotations

import os
from functools import cache

__all__ = ["ACCOUNT", "REGION", "isolate", "read_service_models_once"]

ACCOUNT = "123456789012"
"""The account that moto gives to credentials it does not know; also that of the files in events/."""
REGION = "us-east-1"
"""Fixed, so that what one machine shows another shows too."""


def isolate() -> None:
    """Replace whatever the shell says about AWS: a profile or an endpoint of its own would lead out of this process."""
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
    """Share botocore's data files among its sessions, which each read them anew: a fifth of the stack's start.

    moto opens some fifty sessions while it is imported. Within one session, botocore shares them in the same way.
    """
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file

    @cache
    def load(path: str) -> object:
        return read(JSONFileLoader(), path)

    def load_file(_loader: JSONFileLoader, path: str) -> object:
        return load(path)

    setattr(JSONFileLoader, "load_file", load_file)  # noqa: B010  an assignment to a method is what the types forbid
