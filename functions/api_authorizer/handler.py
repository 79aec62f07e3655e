"""AccessKeyAuthorizerFunction: vouches for a caller, or for nobody; it never denies.

An HTTP API answers a denial with 403 and a body of its own. So a request without a valid signature goes on to ApiFunction
without a caller, where every refusal gets the one 401 that Azure Communication Services gives.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api_authorizer.wiring import access_keys, logger
from sms_consent.access import Refused, SignedRequest, digest_of_signature, signer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A simple response of payload format 2.0. The time that counts is that at which the gateway got the request."""
    gateway = event["requestContext"]
    request = SignedRequest(
        method=gateway["http"]["method"],
        path=event["rawPath"],
        query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
    )
    arrived_at = datetime.fromtimestamp(gateway["timeEpoch"] / 1000, UTC)
    try:
        key = signer(request, access_keys()(), arrived_at)
        vouched = {"caller": key.identity, "signature": digest_of_signature(request.headers)}
    except Refused as refused:
        logger().warning(
            "vouched for nobody",
            reason=refused.reason.value,
            request_id=context.aws_request_id,
            gateway_request_id=gateway["requestId"],
        )
        vouched = {"refusal": refused.reason.value}
    return {"isAuthorized": True, "context": vouched}
