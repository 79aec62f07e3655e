"""The mapping from AWS errors to ours, by error code, Reason and whether the call can have taken effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from sms_consent.domain.errors import Rejected, Throttled, TryAgain, Unavailable, Unreached, Untouched

__all__ = [
    "AWS_ERRORS",
    "ConditionFailed",
    "TransactionCancelled",
    "WriteConflict",
    "code_of",
    "is_condition_failed",
    "reason_of",
    "translated",
    "translation_of",
]

_THROTTLES = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
    }
)
CONDITION_FAILED = "ConditionalCheckFailedException"
_FAILURES = frozenset(
    {
        "InternalServerException",
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "TransactionInProgressException",
    }
)


AWS_ERRORS = (ClientError, BotoCoreError)
"""Every error of a call to AWS. ``translation_of`` returns ours for it."""


class ConditionFailed(Untouched):
    """DynamoDB wrote nothing, because the condition of a write was false."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        """``item`` is the stored item, as DynamoDB attributes; empty if there is none, or if the call did not ask for it."""
        super().__init__(CONDITION_FAILED)
        self.item = item


class WriteConflict(Untouched):
    """DynamoDB wrote nothing, because a transaction was writing the item."""


class TransactionCancelled(Throttled):
    """DynamoDB wrote nothing. ``reasons`` holds the reason for each write. Without a failed condition, try again."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("TransactionCanceledException")
        self.reasons = reasons


def code_of(error: Exception) -> str | None:
    """Return the code of an AWS error; None for an error of botocore itself."""
    return error.response["Error"].get("Code") if isinstance(error, ClientError) else None


def reason_of(error: Exception) -> str | None:
    """Return the Reason of an AWS error, which is at the top level of the response, beside ``Error``."""
    reason = error.response.get("Reason") if isinstance(error, ClientError) else None
    return reason if isinstance(reason, str) else None


def _fields_of(error: ClientError) -> tuple[str, ...]:
    """Return the names of the fields that failed validation, without their messages, which may quote input."""
    fields = error.response.get("Fields")
    names = [field.get("Name") for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    return tuple(name for name in names if isinstance(name, str))


def translation_of(error: ClientError | BotoCoreError) -> TryAgain | Rejected:
    """Return our error for an AWS error, without the message, which may quote input."""
    if isinstance(error, (ConnectTimeoutError, EndpointConnectionError)):
        return Unreached(type(error).__name__)
    if isinstance(error, HTTPClientError):
        return Unavailable(type(error).__name__)
    if not isinstance(error, ClientError):
        return Rejected(type(error).__name__)
    code = error.response["Error"].get("Code", "")
    if code == CONDITION_FAILED:
        item: Any = error.response.get("Item")
        return ConditionFailed(item if isinstance(item, dict) else {})
    if code == "TransactionConflictException":
        return WriteConflict(code)
    if code == "TransactionCanceledException":
        return TransactionCancelled(error.response.get("CancellationReasons", ()))
    if code in _THROTTLES:
        return Throttled(code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _FAILURES or status >= 500:
        return Unavailable(code)
    return Rejected(code, reason_of(error), _fields_of(error))


def is_condition_failed(error: ClientError) -> bool:
    """Return whether AWS refused a write because its condition was false."""
    return error.response["Error"].get("Code") == CONDITION_FAILED


@contextmanager
def translated() -> Iterator[None]:
    """Convert every error of AWS and botocore that the ``with`` block raises into TryAgain or Rejected."""
    try:
        yield
    except AWS_ERRORS as error:
        raise translation_of(error) from error
