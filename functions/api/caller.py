"""Identify the caller of a request: an IAM principal that API Gateway names, or the holder of an access key.

An access key is verified here and not in a Lambda authorizer: an anonymous request costs one invocation, and every refusal is
Azure's 401 instead of API Gateway's own 403. A request without either has no caller, whichever route it came by.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.http import Request
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

__all__ = ["AccessKeys", "Caller", "caller_of"]

AccessKeys = Callable[[], Sequence[AccessKey]]
"""The keys that are valid now. Raises ConsentError if they cannot be read."""

_SIGNATURE = re.compile(r"\bSignature=([0-9A-Fa-f]+)")
_LONGEST = timedelta(days=7)
"""The longest X-Amz-Expires (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may come in."""

    identity: str
    signature: str | None = None  # a digest of it
    valid_for: timedelta = timedelta()  # how long it may be used, where that is more than minutes


def caller_of(request: Request, access_keys: AccessKeys | None) -> Caller:
    """Return the IAM principal, whose signature API Gateway has verified with the body, or the holder of an access key.

    ``access_keys`` is None where the deployment has none.

    Raises Refused, and whatever ``access_keys`` raises.
    """
    authorizer = request.context.get("authorizer") or {}
    principal = (authorizer.get("iam") or {}).get("userArn")
    if isinstance(principal, str) and principal:
        return Caller(principal, _signature_v4(request, principal), _presigned_for(request))
    if access_keys is None:
        raise Refused(Reason.ABSENT)
    return _key_holder(request, access_keys)


def _key_holder(request: Request, access_keys: AccessKeys) -> Caller:
    """Cheapest checks first: headers, then the signature, for which keys may have to be read, then the body's hash."""
    signed = SignedRequest(method=request.method, path=request.path, query=request.raw_query, headers=request.headers)
    check_form(signed, _arrival(request))
    key = signer(signed, access_keys(), _arrival(request))
    claimed = request.headers[CONTENT_HASH]
    if not hmac.compare_digest(content_hash(request.body).encode(), claimed.encode("utf-8", "replace")):
        raise Refused(Reason.BODY)
    return Caller(key.identity, digest_of_signature(request.headers))


def _arrival(request: Request) -> datetime:
    """When API Gateway received the request, so that a cold start does not count as skew."""
    milliseconds = request.context.get("timeEpoch")
    if not isinstance(milliseconds, int):
        raise Refused(Reason.UNDATED)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _signature_v4(request: Request, principal: str) -> str | None:
    """A digest that is the same for the same signature, AWS Signature Version 4 in the headers or the query.

    An ECDSA signature (version 4A) can be changed into another valid one of the same request: there the signed date stands
    for it. None where the gateway hands over neither.
    """
    authorization = request.headers.get("authorization", "")
    found = _SIGNATURE.search(authorization)
    signature = found[1] if found is not None else request.query.get("X-Amz-Signature")
    algorithm = authorization or request.query.get("X-Amz-Algorithm", "")
    if algorithm.startswith("AWS4-ECDSA") or signature is None:
        signature = request.headers.get("x-amz-date") or request.query.get("X-Amz-Date")
    if signature is None:
        return None
    parts = (principal, signature.lower(), content_hash(request.body))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _presigned_for(request: Request) -> timedelta:
    """A signature in the query says itself how long it may be used, at most seven days."""
    seconds = request.query.get("X-Amz-Expires", "0")
    return (
        min(timedelta(seconds=int(seconds)), _LONGEST) if re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII) else _LONGEST
    )
