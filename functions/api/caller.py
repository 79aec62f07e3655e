"""Who calls: whom the gateway's authorizer vouches for, and nobody else.

Without a vouched identity there is no caller, however the request came in: a route that lost its authorizer answers 401.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from api.http import Request
from sms_consent.access import CONTENT_HASH, Reason, Refused, content_hash

__all__ = ["Caller", "caller_of"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may come in."""

    identity: str
    signature: str | None = None  # a digest of it, where requests are signed with an access key


def caller_of(request: Request) -> Caller:
    """An IAM principal, whose signature API Gateway has checked with the body; or the holder of an access key.

    The latter's signature covers the body's hash, and an authorizer never sees a body: so it is compared here. Raises Refused.
    """
    authorizer = request.context.get("authorizer") or {}
    principal = (authorizer.get("iam") or {}).get("userArn")
    if isinstance(principal, str) and principal:
        return Caller(principal)
    vouched = authorizer.get("lambda") or {}
    identity, signature = vouched.get("caller"), vouched.get("signature")
    if not (isinstance(identity, str) and identity and isinstance(signature, str) and signature):
        raise Refused(_reason(vouched.get("refusal")))
    signed = request.headers.get(CONTENT_HASH, "")
    if not hmac.compare_digest(content_hash(request.body).encode(), signed.encode("utf-8", "replace")):
        raise Refused(Reason.BODY)
    return Caller(identity, signature)


def _reason(given: object) -> Reason:
    """For the log, the authorizer's own."""
    return next((reason for reason in Reason if reason.value == given), Reason.ABSENT)
