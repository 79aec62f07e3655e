"""The AWS clients, with explicit time-outs and retries.

Made from botocore directly. boto3's clients are botocore's; boto3 itself would add 0.13 × the processor time of a bare handler's
cold start, and 0.17 × with bytecode (medians of 21 pairs of processes), to InboundFunction's 1.6 × and 1.4 ×.
"""

from __future__ import annotations

from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import Session, get_session

from sms_consent.adapters.clock import deadline

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

__all__ = [
    "CONNECTIONS",
    "RECORDING",
    "SYNCING",
    "deadline",
    "dynamodb",
    "events",
    "queues",
    "secrets",
    "sms_voice",
]

CONNECTIONS = 32
"""Connections kept open to a service, one per thread. With botocore's default of ten, a larger batch opens one for every
call."""

# Every write to the ledger is conditional, so repeating one is safe. What fails twice is repeated by the queue, the stream or
# the schedule behind the function.
_LEDGER = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
    max_pool_connections=CONNECTIONS,
)
# One attempt: a text repeated after a time-out may arrive twice, a deletion repeated would look like "never listed", and
# what was throttled is retried by sweep at the API's rate. Due work in the ledger takes the place of retries.
_SMS = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 1},
    tcp_keepalive=True,
    max_pool_connections=CONNECTIONS,
)
# An event that is put twice has the same id in its detail. Few attempts, since what fails is tried again by its caller.
_EVENTS = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}, tcp_keepalive=True
)


def _longest(config: Any) -> float:
    """Return how many seconds one call may take if each attempt times out, with the waits between attempts.

    botocore waits up to 1, 2, 4 … seconds after throttling, and milliseconds after a time-out (``retries.standard``).
    """
    attempts = int(config.retries["total_max_attempts"])
    return attempts * float(config.connect_timeout + config.read_timeout) + 2.0 ** (attempts - 1) - 1


LEDGER_CALL, SMS_CALL = _longest(_LEDGER), _longest(_SMS)

RECORDING = 3 * LEDGER_CALL
"""The longest time that recording one opt-out takes, in seconds: the look-up of its sender, a write, and a second write if a
consent exists.

Rarer calls before the last write, such as the look-up of an opt-in's copies, are limited by the deadline alone.
"""

SYNCING = 2 * SMS_CALL + LEDGER_CALL
"""The longest time that syncing it takes, in seconds: the reply, the list call, and the write that records its result."""

_MAKING = Lock()


@cache
def _session() -> Session:
    """Return the one session for all clients: a session loads the endpoints of all of AWS, which takes as long as creating
    a client."""
    return get_session()


def _made(service: str, config: Config, *, then: float = 0) -> BaseClient:
    """Create a client. Threads may share it, but clients are created one at a time (boto3's guide on multithreading).

    A call is started only if it can end ``then`` seconds before the deadline, which are left for the work after it.
    """
    needed = _longest(config) + then
    with _MAKING:
        client = _session().create_client(service, config=config)
    client.meta.events.register_first("before-call", partial(deadline.require, needed))
    return client


@cache
def dynamodb() -> DynamoDBClient:
    """Return the ledger's client."""
    return cast("DynamoDBClient", _made("dynamodb", _LEDGER))


@cache
def events() -> EventBridgeClient:
    """Return the client that publishes events."""
    return cast("EventBridgeClient", _made("events", _EVENTS))


@cache
def sms_voice() -> PinpointSMSVoiceV2Client:
    """Return the client of AWS End User Messaging SMS. It leaves time to record the result of each call."""
    return cast("PinpointSMSVoiceV2Client", _made("pinpoint-sms-voice-v2", _SMS, then=LEDGER_CALL))


@cache
def queues() -> SQSClient:
    """Return the client of the inbound queue and its dead-letter queue. Its calls are safe to repeat."""
    return cast("SQSClient", _made("sqs", _LEDGER))


@cache
def secrets() -> SecretsManagerClient:
    """Return the client that reads the API's access keys. Its calls are safe to repeat."""
    return cast("SecretsManagerClient", _made("secretsmanager", _LEDGER))
