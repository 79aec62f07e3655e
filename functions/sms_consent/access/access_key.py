"""Access keys of Azure Communication Services, and the verification of their HMAC signatures.

The scheme: learn.microsoft.com/rest/api/communication/authentication. A signature covers verb, path and query, date, host and the
hash of the body. Callers of this module must also compare that hash with the body's (``content_hash``). It is our own code
because Azure publishes only client libraries.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import parse_qsl, quote, urlencode

from sms_consent.domain.errors import ConsentError

__all__ = [
    "CONTENT_HASH",
    "MAX_SKEW",
    "AccessKey",
    "KeysError",
    "Reason",
    "Refused",
    "SignedRequest",
    "check_form",
    "content_hash",
    "digest_of_signature",
    "read_keys",
    "signer",
]

MAX_SKEW = timedelta(minutes=5)
"""The longest difference between a request's date and its arrival, in either direction."""
CONTENT_HASH = "x-ms-content-sha256"

_NAMES = ("primary", "secondary")
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=([A-Za-z0-9+/]{43}=)", re.ASCII
)


class KeysError(ConsentError):
    """The stored keys are unusable. The message never contains them."""


class Reason(StrEnum):
    """Why a request was refused. For the log only: the response is the same for every reason."""

    ABSENT = "no signature"
    UNREADABLE = "not a signature of this scheme"
    UNDATED = "no time of arrival"
    CLOCK = "dated more than five minutes from its arrival"
    SIGNATURE = "signed with another key, or for another request"
    BODY = "another body than the signed one"


class Refused(ConsentError):
    """A request without valid credentials."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One of two access keys. Both are valid at the same time, so that they can be rotated without downtime."""

    name: str
    secret: bytes = field(repr=False)

    @property
    def identity(self) -> str:
        """The author to record in decisions: the key's name, with a fingerprint that changes when the key is rotated."""
        return f"access-key:{self.name}:{hashlib.sha256(self.secret).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The signed parts of a request, as API Gateway passes them on. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


def read_keys(secret: str) -> tuple[AccessKey, ...]:
    """Parse ``{"primary": "<base64>", "secondary": "<base64>"}``. Omits empty and missing keys.

    Raises:
        KeysError: if the secret has another form or holds no key.
    """
    try:
        stored = json.loads(secret)
        encoded = {name: stored.get(name) or "" for name in _NAMES}
        decoded = {name: base64.b64decode(key, validate=True) for name, key in encoded.items()}
    except (ValueError, AttributeError, TypeError, binascii.Error):
        raise KeysError('the access keys must be {"primary": …, "secondary": …}, each in base64 or empty') from None
    keys = tuple(AccessKey(name, key) for name, key in decoded.items() if key)
    if not keys:
        raise KeysError("neither the primary nor the secondary access key is set")
    return keys


def check_form(request: SignedRequest, arrived_at: datetime) -> None:
    """Check the date and the signature's form, which needs no key, so that invalid requests do not cause a read of the secret.

    Raises:
        Refused: if the signature is absent or malformed, or the date is too far from the arrival.
    """
    headers = request.headers
    _signature(headers)
    if not all(headers.get(name) for name in ("x-ms-date", "host", CONTENT_HASH)):
        raise Refused(Reason.UNREADABLE)
    if abs(_date(headers["x-ms-date"]) - arrived_at) > MAX_SKEW:
        raise Refused(Reason.CLOCK)


def signer(request: SignedRequest, keys: Iterable[AccessKey], arrived_at: datetime) -> AccessKey:
    """Return the key that signed the request. Compares with every key, in constant time.

    Raises:
        Refused: if no key signed it.
    """
    check_form(request, arrived_at)
    headers = request.headers
    signature = _signature(headers)
    date, host, content = (headers[name] for name in ("x-ms-date", "host", CONTENT_HASH))
    found: AccessKey | None = None
    for key in keys:
        for target in _targets(request):
            text = f"{request.method}\n{target}\n{date};{host};{content}".encode("utf-8", "replace")
            expected = base64.b64encode(hmac.new(key.secret, text, hashlib.sha256).digest())
            if hmac.compare_digest(expected, signature):
                found = key
    if found is None:
        raise Refused(Reason.SIGNATURE)
    return found


def content_hash(body: bytes) -> str:
    """Return a body's hash as in the ``x-ms-content-sha256`` header: base64 of SHA-256."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def digest_of_signature(headers: Mapping[str, str]) -> str:
    """Return a digest that identifies the signature without revealing it.

    Raises:
        Refused: if the headers have no HMAC-SHA256 signature.
    """
    return hashlib.sha256(_signature(headers)).hexdigest()[:32]


def _signature(headers: Mapping[str, str]) -> bytes:
    authorization = headers.get("authorization")
    if not authorization:
        raise Refused(Reason.ABSENT)
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise Refused(Reason.UNREADABLE)
    return match[1].encode()


def _date(text: str) -> datetime:
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo is not None else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        raise Refused(Reason.UNREADABLE) from None


def _targets(request: SignedRequest) -> list[str]:
    """Return every spelling of the path and query that a client may have signed.

    An HTTP API passes on the path percent-decoded, and Microsoft's clients sign the query in form encoding.
    """
    paths = dict.fromkeys((request.path, quote(request.path, safe="/", errors="replace")))
    form = urlencode(parse_qsl(request.query, keep_blank_values=True), errors="replace")
    queries = dict.fromkeys((request.query, form))
    return [f"{path}?{query}" if query else path for path in paths for query in queries]
