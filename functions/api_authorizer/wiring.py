"""What AccessKeyAuthorizerFunction is made of, put together once, at its first request."""

from __future__ import annotations

import os
from functools import cache

from aws_lambda_powertools import Logger

from sms_consent.aws import clients
from sms_consent.aws.access_keys import RememberedAccessKeys
from sms_consent.clock import SystemClock
from sms_consent.settings import SettingsError, log_level

__all__ = ["access_keys", "logger"]


@cache
def logger() -> Logger:
    """Structured logs."""
    return Logger(service="api-authorizer", level=log_level(os.environ))


@cache
def access_keys() -> RememberedAccessKeys:
    """Raises SettingsError if no secret is named."""
    secret = os.environ.get("ACCESS_KEYS_SECRET")
    if not secret:
        raise SettingsError("ACCESS_KEYS_SECRET is missing")
    return RememberedAccessKeys(clients.secrets(), secret, SystemClock())
