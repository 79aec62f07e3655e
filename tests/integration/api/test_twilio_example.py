"""`examples/twilio/forward.py`: opt-outs that Twilio handled reach the ledger through the signed API."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from integration.api.test_signed_calls import Server, _Quiet, server  # noqa: F401  the fixture
from support.template import REPOSITORY
from support.world import OURS, PERSON
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Request, Response

TOKEN = "12345"  # pragma: allowlist secret
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
STOP = {"MessageSid": "SM0123456789abcdef", "From": PERSON, "To": "+18005551212", "Body": "Stop", "OptOutType": "STOP"}


@pytest.fixture
def example(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:  # noqa: F811
    """The example, with `call.py` beside it, and a server that verifies IAM signatures."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "examples" / "api"))
    for name, value in {"OPT_OUT_API": server.endpoint, "SENDER": OURS, "TWILIO_AUTH_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    spec = spec_from_file_location("example_forward", REPOSITORY / "examples" / "twilio" / "forward.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("call", None)


def _event(example: ModuleType, fields: dict[str, str], **changes: str) -> dict[str, Any]:
    """Return the event of a function URL for a webhook that Twilio has signed."""
    url = "https://abc.lambda-url.us-east-1.on.aws/twilio?source=sms"
    body = urlencode(fields | changes)
    return {
        "rawPath": "/twilio", "rawQueryString": "source=sms", "isBase64Encoded": True,
        "body": base64.b64encode(body.encode()).decode(),
        "requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws"},
        "headers": {"x-twilio-signature": example.signature_of(url, list(fields.items()))},
    }  # fmt: skip


def _decisions(server: Server) -> list[dict[str, Any]]:  # noqa: F811
    found: list[dict[str, Any]] = server.api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    return found


@pytest.mark.parametrize(
    ("number", "signature"),
    [
        ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),  # pragma: allowlist secret
        ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ],
)
def test_the_signature_is_that_of_twilio(example: ModuleType, number: str, signature: str) -> None:
    """For the sample requests of Twilio's documentation and of its Python library's tests."""
    call = "CA1234567890ABCDE"  # pragma: allowlist secret
    parameters = {"CallSid": call, "Caller": number, "Digits": "1234", "From": number, "To": "+18005551212"}
    assert example.signature_of(URL, list(parameters.items())) == signature


def test_a_stop_to_twilio_opts_out_here(example: ModuleType, server: Server) -> None:  # noqa: F811
    """With the message's id as reference; a repeated webhook takes effect once."""
    event = _event(example, STOP)
    assert example.handler(event, None) == example.handler(event, None) == example.EMPTY
    (consent,) = server.api.get(f"/numbers/{PERSON}")["consents"]
    (decision,) = _decisions(server)
    assert (consent["status"], server.api.world.listed()) == ("OPTED_OUT", True)
    assert (decision["through"], decision["reference"]) == ("api/twilio", STOP["MessageSid"])


def test_a_start_to_twilio_opts_in_here(example: ModuleType, server: Server) -> None:  # noqa: F811
    """After a STOP."""
    example.handler(_event(example, STOP), None)
    server.api.world.pass_time(minutes=1)
    example.handler(_event(example, STOP | {"MessageSid": "SM2", "OptOutType": "START", "Body": "Start"}), None)
    (consent,) = server.api.get(f"/numbers/{PERSON}")["consents"]
    assert (consent["status"], len(_decisions(server))) == ("OPTED_IN", 2)


@pytest.mark.parametrize("change", [{"OptOutType": "HELP"}, {"OptOutType": ""}, {"From": "whatsapp:+14255550182"}])
def test_other_messages_change_nothing(example: ModuleType, server: Server, change: dict[str, str]) -> None:  # noqa: F811
    """HELP, an ordinary text, and other channels."""
    assert example.handler(_event(example, STOP | change), None) == example.EMPTY
    assert server.api.world.history() == []


def test_a_request_that_twilio_has_not_signed_is_refused(example: ModuleType, server: Server) -> None:  # noqa: F811
    """A changed number, and no signature at all."""
    changed = _event(example, STOP, From="+14255550183")
    unsigned = _event(example, STOP) | {"headers": {}}
    assert [example.handler(event, None)["statusCode"] for event in (changed, unsigned)] == [403, 403]
    assert server.api.world.history() == []


def test_a_failure_of_the_api_is_not_hidden(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function fails, so that Twilio logs it and calls its fallback."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(RuntimeError, match="answered 403"):
        example.handler(_event(example, STOP), None)


@contextmanager
def _twilio(status: int, answer: dict[str, Any], seen: list[dict[str, str]]) -> Iterator[str]:
    """Serve Twilio's answer to a new message."""

    @Request.application
    def app(request: Request) -> Response:
        seen.append({"path": request.path, "auth": request.headers["authorization"], **request.form.to_dict()})
        return Response(json.dumps(answer), status, content_type="application/json")

    twilio = ThreadedWSGIServer("127.0.0.1", 0, app, handler=_Quiet)
    thread = Thread(target=twilio.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{twilio.server_port}"
    finally:
        twilio.shutdown()
        twilio.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "answer", "result", "recorded"),
    [
        (201, {"status": "queued"}, "queued", 0),
        (400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}, "opted out", 1),
        (400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}, None, 0),
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, None, 0),
    ],
)
def test_only_error_21610_is_an_opt_out(
    example: ModuleType,
    server: Server,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    answer: dict[str, Any],
    result: str | None,
    recorded: int,
) -> None:
    """Sending twice records it once."""
    seen: list[dict[str, str]] = []
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC1")
    with _twilio(status, answer, seen) as api:
        monkeypatch.setenv("TWILIO_API", api)
        for _ in range(2):
            if result is None:
                with pytest.raises(HTTPError):
                    example.send(PERSON, "Your order is ready", From="+18005551212")
            else:
                assert example.send(PERSON, "Your order is ready", From="+18005551212") == result
    assert (seen[0]["path"], seen[0]["To"]) == ("/2010-04-01/Accounts/AC1/Messages.json", PERSON)
    assert seen[0]["auth"] == "Basic " + base64.b64encode(f"AC1:{TOKEN}".encode()).decode()
    assert len(_decisions(server) if recorded else server.api.world.history()) == recorded
