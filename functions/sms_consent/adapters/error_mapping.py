"""Which of our errors an AWS error is: told by its code, its Reason and whether the call can have taken effect."""

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

from sms_consent.domain.errors import Rejected, Throttled, TryAgain, Unavailable, Unreached

__all__ = ["TransactionCancelled", "reason_of", "translated", "translation_of"]

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
_FAILURES = frozenset(
    {
        "InternalServerException",
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "TransactionInProgressException",
    }
)


class TransactionCancelled(Throttled):
    """DynamoDB wrote nothing; ``reasons`` say why, one for each write. Without a failed condition: try again."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("TransactionCanceledException")
        self.reasons = reasons


def reason_of(error: ClientError) -> str | None:
    """The service's own Reason: it stands at the top level of the response, beside ``Error``."""
    reason = error.response.get("Reason")
    return reason if isinstance(reason, str) else None


def _fields_of(error: ClientError) -> tuple[str, ...]:
    """The names of the fields that failed validation. Their messages may quote input, so they are left out."""
    fields = error.response.get("Fields")
    names = [field.get("Name") for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    return tuple(name for name in names if isinstance(name, str))


def translation_of(error: ClientError | BotoCoreError) -> TryAgain | Rejected:
    """The error to raise from it. Messages of AWS errors may quote input, so they are left out."""
    if isinstance(error, (ConnectTimeoutError, EndpointConnectionError)):
        return Unreached(type(error).__name__)
    if isinstance(error, HTTPClientError):
        return Unavailable(type(error).__name__)
    if not isinstance(error, ClientError):
        return Rejected(type(error).__name__)
    code = error.response["Error"].get("Code", "")
    if code == "TransactionCanceledException":
        return TransactionCancelled(error.response.get("CancellationReasons", ()))
    if code in _THROTTLES:
        return Throttled(code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _FAILURES or status >= 500:
        return Unavailable(code)
    return Rejected(code, reason_of(error), _fields_of(error))


@contextmanager
def translated() -> Iterator[None]:
    """Whatever AWS raises inside comes out as an error of ours."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translation_of(error) from error
