"""The API port of `sms-consent local`: http and https on one port, with given or generated keys."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from integration.local.served import OURS, Served, run, served
from support.api_function import authorization

from sms_consent.access.access_key import content_hash

TARGET = "/sms/optouts:add?api-version=2026-01-23"


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """Start the local stack without a given key."""
    with served("--api-port", "0") as running:
        yield running


def _address(stack: Served) -> tuple[str, int]:
    url = urlsplit(stack.about["api_endpoint"])
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def _key(stack: Served) -> str:
    """Return the generated key from Secrets Manager."""
    secrets = stack.client("secretsmanager")
    (secret,) = secrets.list_secrets()["SecretList"]
    found: str = json.loads(secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"])["primary"]
    return found


def _add(connection: http.client.HTTPConnection, person: str, key: str) -> tuple[int, str]:
    body = json.dumps({"from": OURS, "recipients": [{"to": person}]}).encode()
    headers = {
        "host": f"{connection.host}:{connection.port}",
        "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "x-ms-content-sha256": content_hash(body),
    }
    headers["authorization"] = authorization("POST", TARGET, headers, key)
    connection.request("POST", TARGET, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_one_port_speaks_http_and_https(stack: Served) -> None:
    """Clients that require https trust the certificate from the AWS port."""
    with urlopen(f"{stack.endpoint}/_local/certificate") as answer:  # noqa: S310  http, on this machine
        trust = ssl.create_default_context(cadata=answer.read().decode())
    host, port = _address(stack)
    for connection in (http.client.HTTPConnection(host, port), http.client.HTTPSConnection(host, port, context=trust)):
        person = stack.person()
        assert _add(connection, person, _key(stack))[0] == 200
        assert stack.listed(person) is not None
        connection.close()


def test_a_silent_connection_blocks_no_other(stack: Served) -> None:
    """Neither before its first byte nor within a handshake."""
    host, port = _address(stack)
    with socket.create_connection((host, port)), socket.create_connection((host, port)) as halfway:
        halfway.send(b"\x16\x03\x01")
        connection = http.client.HTTPConnection(host, port, timeout=60)
        assert _add(connection, stack.person(), _key(stack))[0] == 200
        connection.close()


def test_a_failed_handshake_logs_no_traceback(stack: Served) -> None:
    """The client does not trust the certificate."""
    host, port = _address(stack)
    connection = http.client.HTTPSConnection(host, port, context=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()
    assert "Traceback" not in stack.logs()


def test_several_requests_go_over_one_connection(stack: Served) -> None:
    """Refused ones among them, as clients send them."""
    connection = http.client.HTTPConnection(*_address(stack))
    statuses = [_add(connection, stack.person(), key)[0] for key in (_key(stack), "d3Jvbmc=", _key(stack))]
    connection.close()
    assert statuses == [200, 401, 200]


def test_signatures_are_verified_by_the_machines_clock(stack: Served) -> None:
    """However far the local stack's time was advanced, since clients do not know it."""
    stack.advance(31 * 24 * 3600)
    connection = http.client.HTTPConnection(*_address(stack))
    assert _add(connection, stack.person(), _key(stack))[0] == 200
    connection.close()


def test_no_log_line_holds_a_number(stack: Served) -> None:
    """Neither from the path nor from the body."""
    connection = http.client.HTTPConnection(*_address(stack))
    person = stack.person()
    _add(connection, person, _key(stack))
    connection.request("GET", f"/numbers/{person}")
    connection.getresponse().read()
    connection.close()
    log = stack.logs()
    assert '"message":"answered"' in log
    assert person.removeprefix("+") not in log
    assert OURS.removeprefix("+") not in log


@pytest.mark.slow
def test_without_access_keys_only_iam_is_accepted() -> None:
    """The parameter AccessKeys works as in a deployment."""
    with served("--api-port", "0", "--parameter", "AccessKeys=Disabled") as stack:
        connection = http.client.HTTPConnection(*_address(stack))
        assert _add(connection, stack.person(), "c2VjcmV0") == (403, '{"message":"Forbidden"}')
        connection.close()


def test_an_api_port_in_use_is_an_error_at_the_start() -> None:
    """The message names the option that helps."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("local", "--port", "0", "--api-port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--api-port 0 takes any free one" in done.stderr
