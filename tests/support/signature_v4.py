"""A server that verifies AWS Signature Version 4 as API Gateway does for the service `execute-api`.

Written from docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, without botocore. The path that
AWS verifies is that of the request line, with dot segments and repeated slashes removed, and then percent-encoded. The canonical
strings in API Gateway's own 403 show it: `/test/@connections/x=` is verified as `/test/%40connections/x%3D` (okigan/awscurl#61),
and `/$default/%40connections/x%3D` as `/%24default/%2540connections/x%253D` (aws/aws-sdk-net#3132).
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["VerifyingGateway", "canonical_path", "canonical_query", "signature"]

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Z0-9]+)/"
    r"(?P<scope>(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request), "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


class VerifyingGateway:
    """WSGI middleware: a request whose signature is wrong is answered 403, and never reaches the application."""

    def __init__(self, app: WSGIApplication, secrets: Mapping[str, str], region: str) -> None:
        self._app = app
        self._secrets = secrets
        self._region = region
        self.verified: list[str] = []
        """The canonical paths of requests that were let through."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        path, _, query = environ["REQUEST_URI"].partition("?")
        problem = self._problem(environ["REQUEST_METHOD"], path, query, _headers(environ), body)
        if problem is not None:
            return Response(f'{{"message":"{problem}"}}', 403, content_type="application/json")(environ, start_response)
        self.verified.append(canonical_path(path))
        return self._app(environ, start_response)

    def _problem(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str | None:
        match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if match is None:
            return "Forbidden"
        if (match["service"], match["region"]) != ("execute-api", self._region) or match["key"] not in self._secrets:
            return "Credential should be scoped to correct service and region, of a known key."
        names = match["headers"].split(";")
        must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
        if names != sorted(names) or not must <= set(names):
            return "The signed headers are not sorted, or lack some that must be signed."
        date = headers["x-amz-date"]
        moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - moment) > timedelta(minutes=5) or date[:8] != match["day"]:
            return "Signature expired"
        canonical = "\n".join(
            (
                method,
                canonical_path(path),
                canonical_query(query),
                *(f"{name}:{' '.join(headers[name].split())}" for name in names),
                "",
                match["headers"],
                hashlib.sha256(body).hexdigest(),
            )
        )
        expected = signature(self._secrets[match["key"]], date, match["scope"], canonical)
        if hmac.compare_digest(expected, match["signature"]):
            return None
        return "The request signature we calculated does not match the signature you provided."


def canonical_path(path: str) -> str:
    """The path that is verified for that of a request line."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(segment)
    normal = "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
    return quote(normal, safe="/-_.~")


def canonical_query(query: str) -> str:
    """Names and values, decoded and percent-encoded, in the order of the encoded names and values."""
    pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{name}={value}" for name, value in pairs)


def signature(secret: str, date: str, scope: str, canonical: str) -> str:
    """The signature of a canonical request."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return found | {"content-type": environ.get("CONTENT_TYPE", "")}
