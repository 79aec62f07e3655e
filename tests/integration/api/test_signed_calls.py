"""`examples/api/call.py` against a server that verifies IAM signatures as API Gateway does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth
from support.api_function import Api
from support.signature_v4 import VerifyingGateway, canonical_path, canonical_query, signature
from support.template import REPOSITORY
from support.world import OURS, PERSON
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EXAMPLE = REPOSITORY / "examples" / "api" / "call.py"
REGION, KEY = "eu-west-1", "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # pragma: allowlist secret
ADD = "/sms/optouts:add?api-version=2026-01-23"
BODY = json.dumps({"from": OURS, "recipients": [{"to": PERSON}], "channel": "phone", "reference": "CASE-17"})


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Log nothing."""


@dataclass
class Server:
    """A gateway that verifies signatures, and the API behind it."""

    endpoint: str
    gateway: VerifyingGateway
    api: Api


@contextmanager
def serving(app: WSGIApplication) -> Iterator[tuple[str, VerifyingGateway]]:
    """Serve an application on a free port of the loopback interface."""
    gateway = VerifyingGateway(app, {KEY: SECRET}, REGION)
    server = ThreadedWSGIServer("127.0.0.1", 0, gateway, handler=_Quiet)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the server's credentials, unless the API's own fixture sets others."""
    _set_credentials(monkeypatch)


def _set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@pytest.fixture
def server(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve the API."""
    _set_credentials(monkeypatch)
    with serving(api.gateway) as (endpoint, gateway):
        yield Server(endpoint, gateway, api)


@pytest.fixture
def example() -> ModuleType:
    """Import the example."""
    spec = spec_from_file_location("example_call", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_opt_out_is_recorded_with_the_callers_identity(server: Server, example: ModuleType) -> None:
    """The path has a colon, with which `curl --aws-sigv4` fails."""
    status, text = example.call("POST", server.endpoint + ADD, BODY)
    assert (status, json.loads(text)["value"][0]["httpStatusCode"]) == (200, 200)
    assert server.gateway.verified == ["/sms/optouts%3Aadd"]
    (decision,) = server.api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert (decision["actor"], decision["reference"]) == (f"arn:aws:iam::123456789012:user/{KEY}", "CASE-17")


@pytest.mark.parametrize(
    "target",
    [
        f"/numbers/{PERSON}",
        f"/numbers/{PERSON.replace('+', '%2B')}",
        f"/numbers/{PERSON}/decisions?size=1",
        f"/numbers/{PERSON.replace('+', '%2b')}/decisions?size=20&empty=&b=2&a=1&a=0",
        "/openapi.json?x=a%2Bb+c%20d&y==&z=:/?@&%3A=%7E",
        "/openapi.json",
        "/openapi.json?",
    ],
)
def test_every_spelling_of_a_path_and_query_is_signed_as_it_is_verified(
    server: Server, example: ModuleType, target: str
) -> None:
    """Numbers with a plain or percent-encoded plus in either case, and queries with any characters in any order."""
    status, text = example.call("GET", server.endpoint + target)
    assert status == 200, text


@pytest.mark.parametrize("target", ["/no/such:route", "/a%2Fb", "/a//b/../c:d", "/ü", "/%C3%BC", "/~a(b)'c*!,;=@$&"])
def test_paths_of_any_characters_pass_the_verification(server: Server, example: ModuleType, target: str) -> None:
    """They reach the function, which answers 404."""
    assert example.call("GET", server.endpoint + target)[0] == 404


def test_temporary_credentials_sign_their_token(
    server: Server, example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a role or of single sign-on."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/with+special=characters")
    assert example.call("POST", server.endpoint + ADD, BODY)[0] == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "OTHER")],
)
def test_other_credentials_are_refused(
    server: Server, example: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """This shows that the server verifies signatures."""
    monkeypatch.setenv(name, value)
    assert example.call("POST", server.endpoint + ADD, BODY)[0] == 403
    assert server.api.world.history() == []


def test_a_signature_over_the_path_without_second_encoding_is_refused(
    server: Server, example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """curl signs it like that. A path without special characters has the same signature."""
    monkeypatch.setattr(SigV4Auth, "_normalize_url_path", lambda _, path: path)
    assert example.call("GET", server.endpoint + "/openapi.json")[0] == 200
    assert example.call("POST", server.endpoint + ADD, BODY)[0] == 403
    assert example.call("GET", server.endpoint + "/numbers/%2B14255550182")[0] == 403


@pytest.mark.slow
def test_the_example_runs_as_the_readme_says() -> None:
    """In a shell. The exit code tells whether the request succeeded."""
    assert "examples/api/call.py" in (REPOSITORY / "README.md").read_text()
    app = Response("done", 200), Response("no", 404)
    environment = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")} | {"HOME": "/nowhere"}
    for answer, code in zip(app, (0, 1), strict=True):
        with serving(answer) as (endpoint, gateway):
            command = [sys.executable, str(EXAMPLE), "POST", f"{endpoint}{ADD}", BODY]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert (done.returncode, done.stdout, done.stderr) == (code, answer.get_data(as_text=True) + "\n", "")
        assert gateway.verified == ["/sms/optouts%3Aadd"]


# --- the verifier itself


@pytest.mark.parametrize(
    ("sent", "verified"),
    [
        ("/test/@connections/atntqfjloAMCECg=", "/test/%40connections/atntqfjloAMCECg%3D"),
        ("/$default/%40connections/P-S_9e-7liACH9A%3D", "/%24default/%2540connections/P-S_9e-7liACH9A%253D"),
        ("/test:123", "/test%3A123"),
        ("/a/./b//c/../d/", "/a/b/d/"),
        ("", "/"),
    ],
)
def test_the_canonical_path_is_api_gateways(sent: str, verified: str) -> None:
    """The first two are from its 403 responses (okigan/awscurl#61, aws/aws-sdk-net#3132)."""
    assert canonical_path(sent) == verified


def test_the_verifier_computes_the_signature_of_awss_own_example() -> None:
    """ListUsers of 2015-08-30, from AWS's documentation."""
    canonical = "\n".join(
        (
            "GET",
            canonical_path("/"),
            canonical_query("Version=2010-05-08&Action=ListUsers"),
            "content-type:application/x-www-form-urlencoded; charset=utf-8",
            "host:iam.amazonaws.com",
            "x-amz-date:20150830T123600Z",
            "",
            "content-type;host;x-amz-date",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # pragma: allowlist secret
        )
    )
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # pragma: allowlist secret
    signed = signature(secret, "20150830T123600Z", "20150830/us-east-1/iam/aws4_request", canonical)
    assert signed == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"  # pragma: allowlist secret
