"""The AWS clients, with time-outs and retries chosen on purpose.

Made from botocore directly: boto3 adds only what is not used here, and a twelfth of the cold start.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["CONNECTIONS", "dynamodb", "events", "queues", "secrets", "sms_voice"]

CONNECTIONS = 32
"""Kept open to a service, for as many threads: with ten, botocore's own number, a greater batch opens one for every call."""

# Every write to the ledger is conditional, so repeating one is safe. Four attempts of at most three seconds, with the
# standard mode's back-off between them, stay well below the shortest function time-out (30 s).
_LEDGER = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
    max_pool_connections=CONNECTIONS,
)
# One attempt: a text repeated after a time-out may arrive twice, a deletion repeated would look like "never listed", and
# what was throttled is retried by sweep at the API's rate. The ledger is the retry loop.
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


_MAKING = Lock()


@cache
def _session() -> Session:
    """One for all clients: each session reads the endpoints of all of AWS anew, which takes as long as making a client."""
    return get_session()


def _made(service: str, config: Config) -> BaseClient:
    """Clients may be used by several threads, but are made by one at a time (boto3's guide on multithreading)."""
    with _MAKING:
        return _session().create_client(service, config=config)


@cache
def dynamodb() -> DynamoDBClient:
    """The ledger's client."""
    return cast("DynamoDBClient", _made("dynamodb", _LEDGER))


@cache
def events() -> EventBridgeClient:
    """The client that tells others what has changed."""
    return cast("EventBridgeClient", _made("events", _EVENTS))


@cache
def sms_voice() -> PinpointSMSVoiceV2Client:
    """The client of AWS End User Messaging SMS: the opt-out list and texting."""
    return cast("PinpointSMSVoiceV2Client", _made("pinpoint-sms-voice-v2", _SMS))


@cache
def queues() -> SQSClient:
    """The client that puts aside what could not be read; repeating is safe."""
    return cast("SQSClient", _made("sqs", _LEDGER))


@cache
def secrets() -> SecretsManagerClient:
    """The client that reads the API's access keys; repeating is safe."""
    return cast("SecretsManagerClient", _made("secretsmanager", _LEDGER))
