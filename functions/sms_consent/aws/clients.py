"""The AWS clients, with time-outs and retries chosen on purpose.

Made from botocore directly: boto3 adds only what is not used here, and a twelfth of the cold start.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.session import get_session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["dynamodb", "events", "queues", "secrets", "sms_voice"]

# Every write to the ledger is conditional, so repeating one is safe. Four attempts of at most three seconds, with the
# standard mode's back-off between them, stay well below the shortest function time-out (30 s).
_LEDGER = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4}, tcp_keepalive=True
)
# One attempt: a text repeated after a time-out may arrive twice, a deletion repeated would look like "never listed", and
# what was throttled is retried by sweep at the API's rate. The ledger is the retry loop.
_SMS = Config(
    connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True
)
# An event that is put twice has the same id in its detail. Few attempts, since what fails is tried again by its caller.
_EVENTS = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}, tcp_keepalive=True
)


@cache
def dynamodb() -> DynamoDBClient:
    """The ledger's client."""
    return cast("DynamoDBClient", get_session().create_client("dynamodb", config=_LEDGER))


@cache
def events() -> EventBridgeClient:
    """The client that tells others what has changed."""
    return cast("EventBridgeClient", get_session().create_client("events", config=_EVENTS))


@cache
def sms_voice() -> PinpointSMSVoiceV2Client:
    """The client of AWS End User Messaging SMS: the opt-out list and texting."""
    return cast("PinpointSMSVoiceV2Client", get_session().create_client("pinpoint-sms-voice-v2", config=_SMS))


@cache
def queues() -> SQSClient:
    """The client that puts aside what could not be read; repeating is safe."""
    return cast("SQSClient", get_session().create_client("sqs", config=_LEDGER))


@cache
def secrets() -> SecretsManagerClient:
    """The client that reads the API's access keys; repeating is safe."""
    return cast("SecretsManagerClient", get_session().create_client("secretsmanager", config=_LEDGER))
