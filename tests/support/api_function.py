"""ApiFunction's handler behind a gateway, on AWS in memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import Client, TestResponse

from handlers.api import container, handler
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.domain.ports import Sender
from sms_consent_cli.local.api.gateway import Gateway
from support.lambda_context import Context
from support.world import LIST, OURS, PERSON, World, deployed

__all__ = ["PRIMARY", "SECONDARY", "VERSION", "Api", "api_beside", "api_for_now", "api_function", "authorization"]

PRIMARY, SECONDARY = (base64.b64encode(name * 4).decode() for name in (b"primary-", b"secondary"))
VERSION = "2026-01-23"
HOST = "api.example.com"


def authorization(method: str, target: str, headers: Mapping[str, str], key: str = PRIMARY) -> str:
    """Return the Authorization header, computed from the published scheme and not with the code under test."""
    text = f"{method}\n{target}\n{headers['x-ms-date']};{headers['host']};{headers['x-ms-content-sha256']}"
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"


@dataclass
class Api:
    """The API as its callers use it, and what is behind it."""

    world: World
    secret: str
    gateway: Gateway

    def signed(self, method: str, target: str, body: bytes = b"", key: str = PRIMARY) -> dict[str, str]:
        """Return the headers of a request signed at the present time."""
        headers = {
            "host": HOST,
            "x-ms-date": self.world.parts.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "x-ms-content-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        }
        return headers | {"authorization": authorization(method, target, headers, key)}

    def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Send a request as given."""
        return Client(self.gateway).open(target, method=method, data=body, headers=dict(headers or {}))

    def call(self, method: str, target: str, body: bytes = b"", **headers: str) -> TestResponse:
        """Send a request signed with the primary key."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, target, body, self.signed(method, target, body) | more)

    def opt_outs(
        self, operation: str, *recipients: str, sender: str = OURS, request_id: str | None = None, **more: Any
    ) -> TestResponse:
        """Send one of the three operations, with a new request id unless one is given."""
        body = json.dumps({"from": sender, "recipients": [{"to": each} for each in recipients], **more}).encode()
        target = f"/sms/optouts:{operation}?api-version={VERSION}"
        return self.call("POST", target, body, x_ms_client_request_id=request_id or str(uuid4()))

    def items(self, operation: str, *recipients: str, **more: Any) -> list[dict[str, Any]]:
        """Return the response's items."""
        response = self.opt_outs(operation, *(recipients or (PERSON,)), **more)
        assert response.status_code == 200, response.text
        value: list[dict[str, Any]] = json.loads(response.text)["value"]
        return value

    def get(self, target: str) -> dict[str, Any]:
        """Return the body of a successful read."""
        response = self.call("GET", target)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = json.loads(response.text)
        return answer

    def set_keys(self, **keys: str) -> None:
        clients.secrets().put_secret_value(SecretId=self.secret, SecretString=json.dumps(keys))

    def configure(self, sender: Sender) -> None:
        clients.dynamodb().put_item(TableName=self.world.table, Item=encode(sender))


@contextmanager
def api_function(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Iterator[Api]:
    """Deploy the function, before its first request."""
    defaults = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
        "AWS_DEFAULT_REGION": "us-east-1",
        "LEDGER_TABLE": "ledger",
        "OPT_OUT_LIST": LIST,
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
    }
    for name, value in (defaults | environment).items():
        monkeypatch.setenv(name, value)
    with deployed() as world, api_beside(monkeypatch, world) as made:
        yield made


@contextmanager
def api_beside(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[Api]:
    """Return the API of an existing deployment."""
    stored = json.dumps({"primary": PRIMARY, "secondary": SECONDARY})
    secret = clients.secrets().create_secret(Name="access-keys", SecretString=stored)["ARN"]
    monkeypatch.setenv("ACCESS_KEYS_SECRET", secret)
    _forget()
    gateway = Gateway(
        lambda event: handler(dict(event), Context(milliseconds=29_000)),  # type: ignore[arg-type]  # the members that it uses
        access_keys=True,
        now=world.parts.clock.now,
    )
    yield Api(world, secret, gateway)
    _forget()


@contextmanager
def api_for_now(world: World) -> Iterator[Api]:
    """Return the API of a deployment, and delete its secret afterwards, so that it can be created again."""
    with pytest.MonkeyPatch.context() as monkeypatch, api_beside(monkeypatch, world) as api:
        yield api
        clients.secrets().delete_secret(SecretId=api.secret, ForceDeleteWithoutRecovery=True)


def _forget() -> None:
    container.cache_clear()
