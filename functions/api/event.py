"""The request event of an HTTP API, payload format 2.0."""

from __future__ import annotations

import base64
import binascii
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

__all__ = ["ApiEvent"]


class ApiEvent(APIGatewayProxyEventV2):
    """A request event whose body is available as bytes, over which access keys sign."""

    @cached_property
    def content(self) -> bytes:
        """The body as it was sent. Decoded at the first access, as a refused request may have megabytes."""
        body = self.body or ""
        if not self.is_base64_encoded:
            return body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(body)
        except binascii.Error:
            return b""

    def normalized(self) -> dict[str, Any]:
        """Return the event that the resolver routes and validates.

        Powertools answers other media types than JSON with 415, fails on base64 that is not UTF-8, and its path parameters
        match only some characters. So the media type is always JSON, the body is text from which ``content`` can be encoded
        again (``surrogateescape``), and the path is percent-encoded except for its separators.
        """
        return {
            **self.raw_event,
            "rawPath": quote(unquote(self.raw_path), safe="/:+", errors="replace"),
            "headers": {**self.headers, "content-type": "application/json"},
            "body": self.content.decode("utf-8", "surrogateescape"),
            "isBase64Encoded": False,
        }
