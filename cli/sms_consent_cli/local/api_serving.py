"""The server on the API port: the gateway in front of ApiFunction, with the chosen access key."""

from __future__ import annotations

import json
import logging
from functools import partial

import boto3

from sms_consent_cli.local.api.certificate import Certificate
from sms_consent_cli.local.api.gateway import Gateway
from sms_consent_cli.local.api.server import ApiServer
from sms_consent_cli.local.assembly import Local
from sms_consent_cli.local.bound_socket import BoundSocket
from sms_consent_cli.local.stack import API

__all__ = ["serve_api"]

logger = logging.getLogger("sms_consent_cli.local.api")


def serve_api(
    local: Local, bound_socket: BoundSocket, access_key: str | None, certificate: Certificate
) -> ApiServer | None:
    """Return the API's server, or None if the template has no API."""
    stack = local.stack
    if API not in stack.functions:
        bound_socket.socket.close()
        logger.info("the template has no %s: nothing is served on the API port", API)
        return None
    if local.access_keys is None:
        logger.info("the API takes requests that are signed for IAM, and no access key")
    elif access_key is None:
        logger.info("the API takes the access key in the secret %s", local.access_keys)
    else:
        keys = json.dumps({"primary": access_key, "secondary": ""})
        boto3.client("secretsmanager").put_secret_value(SecretId=local.access_keys, SecretString=keys)
    gateway = Gateway(partial(stack.call, API), access_keys=local.access_keys is not None, now=stack.time.machine_now)
    return ApiServer(bound_socket, gateway, certificate.context)
