"""Forward opt-outs that Twilio handled itself to the opt-outs API.

Twilio blocks texts to people who texted STOP to one of its numbers, and tells you in two ways. Both become a request here:

1. The webhook for inbound messages of a Messaging Service with Advanced Opt-Out has the parameter `OptOutType`: STOP, START or
   HELP (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out). `handler` is a Lambda function for it, behind a
   function URL or an HTTP API. It answers only requests with a valid `X-Twilio-Signature`
   (https://www.twilio.com/docs/usage/webhooks/webhooks-security).
2. Sending to such a person fails with error 21610 (https://www.twilio.com/docs/api/errors/21610). `send` sends a text, and
   forwards that.

Environment: OPT_OUT_API, the endpoint of the API (output `ApiEndpoint`); SENDER, your number, pool or agent there, which
determines the opt-out list; TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN; WEBHOOK_URL, if Twilio calls another address than the
function's own, such as a proxy. AWS credentials: `call.py` of `examples/api`, which lies beside this file, signs each request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode
from urllib.request import Request, urlopen

from call import call

UNSUBSCRIBED = 21610
"""Twilio's error code for a recipient who has opted out of the sender."""
ROUTES = {"STOP": "add", "START": "remove"}
"""What each `OptOutType` becomes. HELP changes nothing."""
EMPTY = {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": "<Response/>"}
"""Twilio has sent its own reply to the keyword, so this answer sends none."""


def handler(event, _context):
    """Take one webhook request from Twilio."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    parameters = parse_qsl(body, keep_blank_values=True)
    signature = event["headers"].get("x-twilio-signature", "")
    if not hmac.compare_digest(signature.encode(), signature_of(_url(event), parameters).encode()):
        return {"statusCode": 403, "body": "The signature is not valid."}
    fields = dict(parameters)
    route = ROUTES.get(fields.get("OptOutType", ""))
    if route is None or not fields["From"].startswith("+"):  # no keyword, or of another channel such as WhatsApp
        return EMPTY
    # Twilio may repeat the request. With the message's id it takes effect once.
    forward(route, fields["From"], reference=fields["MessageSid"], request_id=fields["MessageSid"])
    return EMPTY


def send(to: str, text: str, **options: str) -> str:
    """Send a text with Twilio. Return its status, or "opted out" if Twilio refused it for that reason and it was forwarded.

    `options` name the sender as Twilio's API does: `From` or `MessagingServiceSid`.
    """
    account, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    api = os.environ.get("TWILIO_API", "https://api.twilio.com")
    request = Request(
        f"{api}/2010-04-01/Accounts/{account}/Messages.json", urlencode({"To": to, "Body": text, **options}).encode()
    )
    request.add_header("authorization", "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode())
    try:
        with urlopen(request) as response:
            return json.load(response)["status"]
    except HTTPError as error:
        with error:
            if error.code != 400 or json.load(error).get("code") != UNSUBSCRIBED:
                raise
    # Each attempt to send fails like this. One request a day and person is enough.
    day = datetime.now(UTC).date().isoformat()
    forward("add", to, reference="twilio-21610", request_id=hashlib.sha256(f"{to} {day}".encode()).hexdigest())
    return "opted out"


def forward(route: str, number: str, *, reference: str, request_id: str) -> None:
    """Record an opt-out (`add`) or opt-in (`remove`). Raises RuntimeError if it was not recorded."""
    body = json.dumps(
        {"from": os.environ["SENDER"], "recipients": [{"to": number}], "channel": "twilio", "reference": reference}
    )
    url = f"{os.environ['OPT_OUT_API'].rstrip('/')}/sms/optouts:{route}?api-version=2026-01-23"
    status, text = call("POST", url, body, {"x-ms-client-request-id": request_id})
    # 200: recorded. 202: recorded, and an opt-in that AWS allows only later. The list follows by itself.
    results = [each["httpStatusCode"] for each in json.loads(text)["value"]] if status == 200 else [status]
    if not set(results) <= {200, 202}:
        raise RuntimeError(f"the opt-outs API answered {results[0]}")


def signature_of(url: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return Twilio's signature: HMAC-SHA1 of the URL and every parameter with its value, sorted by name."""
    text = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.new(os.environ["TWILIO_AUTH_TOKEN"].encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _url(event: Mapping) -> str:
    """Return the URL that Twilio called, to the letter."""
    if given := os.environ.get("WEBHOOK_URL"):
        return given
    query = event.get("rawQueryString")
    return f"https://{event['requestContext']['domainName']}{event['rawPath']}{'?' + query if query else ''}"


if __name__ == "__main__":
    recipient, words, sender = sys.argv[1:]
    print(send(recipient, words, From=sender))
