"""Start and end of the service's process."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from integration.local.served import run, served

pytestmark = pytest.mark.slow


def test_the_service_ends_cleanly_on_a_signal() -> None:
    """By SIGTERM as by Ctrl-C, which ends every other service of these tests: exit code 0 and no traceback.

    Standard output has had the one line, whatever the functions wrote, and the logs no number.
    """
    with served("--host", "localhost", "--access-key", "c2VjcmV0") as stack:
        assert stack.endpoint.startswith("http://localhost:")
        person = stack.person()
        stack.publish(person, "STOP")
        stack.drain()
        stack.process.send_signal(signal.SIGTERM)
        assert stack.process.wait(120) == 0
        assert stack.process.stdout is not None
        assert stack.process.stdout.read() == ""
        log = stack.logs()
    assert "Traceback" not in log
    assert '"message":"a text was processed"' in log
    assert person not in log


def test_a_port_that_is_taken_is_said_at_once() -> None:
    """Exit code 2 and what to do, before seconds go by."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("local", "--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"sms-consent local: cannot serve on 127.0.0.1 port {port}: Address already in use. --port 0 takes any free one\n"
    )


def test_an_existing_topic_and_list_can_be_used(tmp_path: Path) -> None:
    """By the template's parameters, as a deployment would; from any folder, with the checkout's template."""
    topic = "arn:aws:sns:us-east-1:123456789012:Mine"
    opt_out_list = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Mine"
    arguments = ("--parameter", f"ExistingTopicArn={topic}", "--parameter", f"ExistingOptOutListArn={opt_out_list}")
    with served(*arguments, "--number", "+12125550188", cwd=tmp_path) as stack:
        assert (stack.about["topic_arn"], stack.about["opt_out_list"]) == (topic, opt_out_list)
        person = stack.person()
        stack.post("/_local/text", {"from": person, "to": "+12125550188", "body": "STOP"})
        stack.drain()
        assert stack.listed(person) is not None
        assert [text["from"] for text in stack.texts_to(person)] == ["+12125550188"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--access-key", "no base64"], "--access-key takes a key in base64"),
        (["--parameter", "Brand"], "--parameter takes KEY=VALUE"),
        (["--host", "no.such.host.invalid"], "cannot serve on no.such.host.invalid port 4566"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(arguments: list[str], complaint: str) -> None:
    """Exit code 2, one line."""
    done = run("local", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
