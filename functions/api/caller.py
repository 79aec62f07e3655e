"""Who calls: whom the gateway's authorizer vouches for, and nobody else.

Without a vouched identity there is no caller, however the request came in: a route that lost its authorizer answers 401.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from api.http import Request
from sms_consent.access import CONTENT_HASH, Reason, Refused, content_hash

__all__ = ["Caller", "caller_of"]

_SIGNATURE = re.compile(r"\bSignature=([0-9A-Fa-f]+)")
_LONGEST = timedelta(days=7)
"""The longest X-Amz-Expires (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may come in."""

    identity: str
    signature: str | None = None  # a digest of it
    valid_for: timedelta = timedelta()  # how long it may be used, where that is more than minutes


def caller_of(request: Request) -> Caller:
    """An IAM principal, whose signature API Gateway has checked with the body; or the holder of an access key.

    The latter's signature covers the body's hash, and an authorizer never sees a body: so it is compared here. Raises Refused.
    """
    authorizer = request.context.get("authorizer") or {}
    principal = (authorizer.get("iam") or {}).get("userArn")
    if isinstance(principal, str) and principal:
        return Caller(principal, _signature_v4(request, principal), _presigned_for(request))
    vouched = authorizer.get("lambda") or {}
    identity, signature = vouched.get("caller"), vouched.get("signature")
    if not (isinstance(identity, str) and identity and isinstance(signature, str) and signature):
        raise Refused(_reason(vouched.get("refusal")))
    signed = request.headers.get(CONTENT_HASH, "")
    if not hmac.compare_digest(content_hash(request.body).encode(), signed.encode("utf-8", "replace")):
        raise Refused(Reason.BODY)
    return Caller(identity, signature)


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


def _reason(given: object) -> Reason:
    """For the log, the authorizer's own."""
    return next((reason for reason in Reason if reason.value == given), Reason.ABSENT)
