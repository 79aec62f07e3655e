"""Call the opt-outs API with IAM credentials.

    body='{"from": "+12125550101", "recipients": [{"to": "+14255550182"}]}'
    python call.py POST "$endpoint/sms/optouts:add?api-version=2026-01-23" "$body"
    python call.py GET "$endpoint/numbers/+14255550182"

It needs botocore, which comes with boto3, and takes credentials as the AWS CLI does: environment, profile, single sign-on, role.

AWS verifies a signature over the path as it is sent, percent-encoded once more: `:` as `%3A`, and `%2B` as `%252B`. SigV4Auth of
botocore signs that path. `curl --aws-sigv4` does not (https://github.com/curl/curl/issues/18423), so AWS answers 403.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import get_session


def call(method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Sign and send one request. Return the status and the body of the response."""
    session = get_session()
    parts = urlsplit(url)
    # SigV4Auth signs the query as it stands, and AWS verifies it percent-encoded.
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True), quote_via=quote)
    url = urlunsplit(parts._replace(path=quote(parts.path, safe="/%:+@~"), query=query))
    host = re.search(r"\.execute-api\.([a-z0-9-]+)\.", parts.netloc)
    region = host[1] if host else session.get_config_variable("region") or "us-east-1"
    signed = AWSRequest(method, url, {"content-type": "application/json", **(headers or {})}, body.encode())
    SigV4Auth(session.get_credentials(), "execute-api", region).add_auth(signed)
    request = Request(url, body.encode() or None, dict(signed.headers.items()), method=method)
    try:
        with urlopen(request) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


if __name__ == "__main__":
    status, text = call(*sys.argv[1:])
    print(text)
    sys.exit(status >= 300)
