"""Authentication of callers: an IAM principal that API Gateway has verified, or the holder of an access key.

ApiFunction verifies access keys itself instead of in a Lambda authorizer: an anonymous request costs one invocation, and every
refusal is Azure's 401 instead of API Gateway's own 403. The scheme is Azure's, which no library on the server side implements.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.event import ApiEvent
from sms_consent.access.access_key import (
    CONTENT_HASH,
    AccessKey,
    Reason,
    Refused,
    SignedRequest,
    check_form,
    content_hash,
    digest_of_signature,
    signer,
)

__all__ = ["AccessKeys", "Caller", "identify_caller"]

AccessKeys = Callable[[], Sequence[AccessKey]]
"""Return the keys that are valid now. Raises ConsentError if they cannot be read."""

_SIGNATURE = re.compile(r"\bSignature=([0-9A-Fa-f]+)")
_MAX_VALIDITY = timedelta(days=7)
"""The longest X-Amz-Expires (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    Attributes:
        identity: The principal's ARN, or the access key's name and fingerprint.
        signature: A digest of the request's signature, by which a replayed request is recognised.
        valid_for: How long the signature can be replayed, if longer than the usual minutes.
    """

    identity: str
    signature: str | None = None
    valid_for: timedelta = timedelta()


def identify_caller(event: ApiEvent, access_keys: AccessKeys | None) -> Caller:
    """Return the caller of a request. API Gateway has verified an IAM principal's signature.

    Args:
        access_keys: None if the deployment has no access keys.

    Raises:
        Refused: if the request has no valid credentials.
        ConsentError: if the access keys cannot be read.
    """
    principal = event.request_context.authorizer.iam.user_arn
    if principal:
        return Caller(principal, _signature_v4_digest(event, principal), _presigned_validity(event))
    if access_keys is None:
        raise Refused(Reason.ABSENT)
    return _key_holder(event, access_keys)


def _key_holder(event: ApiEvent, access_keys: AccessKeys) -> Caller:
    """Authenticate a request with an access key. Checks headers, signature and body hash, cheapest first. Raises Refused."""
    headers, arrived_at = event.headers, _arrival_time(event)
    signed = SignedRequest(
        method=event.http_method, path=event.raw_path, query=event.get("rawQueryString", "") or "", headers=headers
    )
    check_form(signed, arrived_at)
    key = signer(signed, access_keys(), arrived_at)
    if not hmac.compare_digest(content_hash(event.content).encode(), headers[CONTENT_HASH].encode("utf-8", "replace")):
        raise Refused(Reason.BODY)
    return Caller(key.identity, digest_of_signature(headers))


def _arrival_time(event: ApiEvent) -> datetime:
    """Return when API Gateway received the request. The current time would count a cold start as clock skew."""
    milliseconds = event.request_context.get("timeEpoch")
    if not isinstance(milliseconds, int):
        raise Refused(Reason.UNDATED)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _signature_v4_digest(event: ApiEvent, principal: str) -> str | None:
    """Return a digest of an AWS Signature Version 4 in the headers or the query; None if the event has neither.

    Version 4A (ECDSA) signatures are malleable: the same request can have several. The digest then uses the date instead.
    """
    headers, query = event.headers, event.query_string_parameters
    authorization = headers.get("authorization", "")
    found = _SIGNATURE.search(authorization)
    signature = found[1] if found is not None else query.get("X-Amz-Signature")
    algorithm = authorization or query.get("X-Amz-Algorithm", "")
    if algorithm.startswith("AWS4-ECDSA") or signature is None:
        signature = headers.get("x-amz-date") or query.get("X-Amz-Date")
    if signature is None:
        return None
    parts = (principal, signature.lower(), content_hash(event.content))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _presigned_validity(event: ApiEvent) -> timedelta:
    """Return how long a presigned request is valid (X-Amz-Expires): at most seven days, also if it is not a number."""
    seconds = event.query_string_parameters.get("X-Amz-Expires", "0")
    if not re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII):
        return _MAX_VALIDITY
    return min(timedelta(seconds=int(seconds)), _MAX_VALIDITY)
