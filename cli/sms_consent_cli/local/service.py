"""`sms-consent local` as a service: from the ready line until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sms_consent_cli.local.api.certificate import make_certificate
from sms_consent_cli.local.api_serving import serve_api
from sms_consent_cli.local.assembly import Local, assemble
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.bound_socket import BoundSocket
from sms_consent_cli.local.control import Control
from sms_consent_cli.local.demo_numbers import DEFAULT
from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.log import log_to
from sms_consent_cli.local.server import Server, application
from sms_consent_cli.local.stack import API

__all__ = ["serve"]

GRACE = 10
"""Seconds that a running call may take to finish."""

logger = logging.getLogger(__name__)


def serve(
    template: Path,
    parameters: Mapping[str, str],
    aws_socket: BoundSocket,
    *,
    api_socket: BoundSocket,
    access_key: str | None,
    numbers: Sequence[str],
) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises LocalError."""
    log_to(sys.stderr)
    stop = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    out = sys.stdout  # for the ready line only; output of the functions goes to the log
    with redirect_stdout(sys.stderr):
        local = assemble(template, parameters, [DEFAULT])
        for number in numbers:
            if not local.originators.add(number):
                raise LocalError(f"--number takes a number such as {DEFAULT}")
        certificate = make_certificate(api_socket.host, local.stack.time.machine_now())
        description = _description(local, aws_socket, api_socket)
        server = Server(aws_socket, application(local.stack, Control(local, description, certificate.pem)))
        api = serve_api(local, api_socket, access_key, certificate)
        work = Thread(target=local.stack.run, args=(stop,), name="functions", daemon=True)
        server.start()
        if api is not None:
            api.start()
        work.start()
        if aws_socket.host not in {"127.0.0.1", "localhost", "::1"}:
            logger.warning("anyone who can reach this machine can use this stack: there is no password")
        out.write(json.dumps(description) + "\n")
        out.flush()
        stop.wait()
        logger.info("stopping")
        server.stop()
        if api is not None:
            api.stop()
        local.stack.wake()
        work.join(GRACE)


def _description(local: Local, aws_socket: BoundSocket, api_socket: BoundSocket) -> dict[str, Any]:
    """Return the ready line's object, with the address of every resource."""
    return {
        "aws_endpoint": aws_socket.url,
        "api_endpoint": api_socket.url if API in local.stack.functions else None,
        "region": REGION,
        "topic_arn": local.topic_arn,
        "queue_url": _reachable(local.queue_url, aws_socket),
        "dead_letter_queue_url": _reachable(local.dead_letter_queue_url, aws_socket),
        "table": local.table,
        "opt_out_list": local.opt_out_list,
    }


def _reachable(queue_url: str, aws_socket: BoundSocket) -> str:
    """Return a queue's URL on this machine; CloudFormation returns the URL that AWS would use."""
    return f"{aws_socket.url}/{ACCOUNT}/{queue_url.rpartition('/')[2]}"
