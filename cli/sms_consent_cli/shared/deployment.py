"""The deployment that a command uses: its resources (from options or the CloudFormation stack), clock and AWS clients."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session, get_session

from sms_consent.domain.list_names import ListNames
from sms_consent_cli.shared.aws_clock import AwsClock
from sms_consent_cli.shared.options import STACK
from sms_consent_cli.shared.terminal_text import say

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_sqs import SQSClient

__all__ = ["FOR_FUNCTIONS_ONLY", "STACK", "Deployment", "NotFound", "is_here"]

_HERE = ("localhost", "127.0.0.1", "::1")
# A user waits for the answer: fail soon if nothing responds, but retry when a quota per second is used up.
_PROMPT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
_PATIENT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 8})


FOR_FUNCTIONS_ONLY = ("PutOptedOutNumber", "DeleteOptedOutNumber", "SendTextMessage", "SendRcsMessage")
"""A machine may be suspended for hours between reading the ledger and a call, so no command makes these calls."""


def _refuse_call(model: Any, **_: Any) -> None:
    raise RuntimeError(
        f"a command must not call {model.name}: record the decision, and leave the call to SweepFunction"
    )


def is_here(endpoint: str) -> bool:
    """Return whether an endpoint is on this machine, as that of a local stack is."""
    return urlsplit(endpoint).hostname in _HERE


class NotFound(Exception):
    """A resource of the deployment was not found. The message says which option names it."""


class Deployment:
    """A deployment. Reads the stack only for names that were not given. Raises NotFound, BotoCoreError or ClientError."""

    def __init__(
        self,
        stack: str = STACK,
        *,
        table: str | None = None,
        queue_url: str | None = None,
        dead_letter_queue_url: str | None = None,
        event_bus: str | None = None,
    ) -> None:
        self.stack = stack
        self._given = {
            "LedgerTableName": table or os.environ.get("LEDGER_TABLE"),
            "QueueUrl": queue_url,
            "EventBus": event_bus,
            "DeadLetterQueueUrl": dead_letter_queue_url,
            "NotifyDeadLetterQueueUrl": dead_letter_queue_url,
        }

    # --- its parts

    @property
    def table(self) -> str:
        """The ledger's table."""
        return self._part("LedgerTableName", "--table")

    @property
    def queue_url(self) -> str:
        """The queue of inbound texts."""
        return self._part("QueueUrl", "--queue")

    @property
    def dead_letter_queue_url(self) -> str:
        """The queue of texts that could not be processed."""
        return self._part("DeadLetterQueueUrl", "--dead-letter-queue")

    @property
    def notify_dead_letter_queue_url(self) -> str:
        """The queue of ledger changes that could not be published."""
        return self._part("NotifyDeadLetterQueueUrl", "--dead-letter-queue")

    @property
    def event_bus(self) -> str:
        """The ARN of the event bus."""
        return self._part("EventBus", "--event-bus")

    @property
    def topic_arn(self) -> str:
        """The topic to which AWS publishes inbound texts."""
        return self.part("TopicArn")

    def part(self, output: str) -> str:
        """Return an output of the stack."""
        try:
            return self._outputs[output]
        except KeyError:
            raise NotFound(f"the stack {self.stack} has no output {output}: deploy this version of it") from None

    @property
    def own_list(self) -> str | None:
        """The opt-out list of senders without settings; None without a stack."""
        given = self._outputs.get("OptOutListName") if self.has_stack else None
        return self.names.canonical(given) if given is not None else None

    @cached_property
    def names(self) -> ListNames:
        """The names of lists in the deployment's account and region, from the ARN of the stack or of the table."""
        if self.has_stack and "StackId" in self._description:
            return ListNames.of_arn(self._description["StackId"])
        try:
            return ListNames.of_arn(self.dynamodb().describe_table(TableName=self.table)["Table"]["TableArn"])
        except ClientError as error:
            if error.response["Error"].get("Code") not in {"AccessDeniedException", "ResourceNotFoundException"}:
                raise
            return ListNames()

    def parameter(self, name: str, default: str = "") -> str:
        """Return a parameter of the stack, or the default if there is no stack."""
        return self._parameters.get(name, default) if self.has_stack else default

    def parameters(self) -> Mapping[str, str]:
        """Return all parameters of the stack. Raises NotFound if there is no stack."""
        return self._parameters

    @cached_property
    def has_stack(self) -> bool:
        """Whether the stack exists and the caller may describe it."""
        try:
            return bool(self._description)
        except NotFound:
            return False
        except ClientError as error:
            if error.response["Error"].get("Code") not in {"AccessDenied", "AccessDeniedException"}:
                raise
            return False

    # --- the time

    @cached_property
    def clock(self) -> AwsClock:
        """AWS's time, from the responses to this command's requests."""
        return self.clock_by(self._ask_ledger)

    def clock_by(self, ask: Callable[[], Mapping[str, Any]]) -> AwsClock:
        """Return AWS's time for a command without access to the ledger. ``ask`` makes a request and returns the response."""
        local = is_here(os.environ.get("AWS_ENDPOINT_URL", ""))
        advice = "the time of a local stack can be moved on" if local else "set the clock"
        return AwsClock(ask, lambda warning: say(f"warning: {warning}; {advice}", err=True))

    def _ask_ledger(self) -> Mapping[str, Any]:
        """Make a cheap request for its ``Date`` header: read a missing item. An error response has the header too."""
        try:
            answer = self.dynamodb().get_item(TableName=self.table, Key={"pk": {"S": "CLOCK"}, "sk": {"S": "CLOCK"}})
        except ClientError as error:
            if "date" not in error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}):
                raise
            return cast("Mapping[str, Any]", error.response)
        return cast("Mapping[str, Any]", answer)

    # --- clients

    @cached_property
    def session(self) -> Session:
        """The botocore session, with the AWS CLI's configuration. A local stack gets a default region and credentials."""
        session = get_session()
        if region := os.environ.get("AWS_REGION"):
            session.set_config_variable("region", region)
        if is_here(os.environ.get("AWS_ENDPOINT_URL", "")):
            if session.get_config_variable("region") is None:
                session.set_config_variable("region", "us-east-1")
            if session.get_credentials() is None:
                session.set_credentials("local", "local")
        return session

    def dynamodb(self) -> DynamoDBClient:
        """Return a client for the ledger."""
        return cast("DynamoDBClient", self._watched(self._client("dynamodb")))

    def dynamodb_for(self, workers: int) -> DynamoDBClient:
        """Return a client for the ledger with a connection for each of several threads."""
        config = _PATIENT.merge(Config(max_pool_connections=workers, read_timeout=60))
        return cast("DynamoDBClient", self._watched(self._client("dynamodb", config)))

    def sqs(self) -> SQSClient:
        """Return a client for the queues."""
        return cast("SQSClient", self._client("sqs"))

    def events(self) -> EventBridgeClient:
        """Return a client for the event bus."""
        return cast("EventBridgeClient", self._client("events"))

    def streams(self) -> Any:
        """Return a client for the ledger's stream."""
        return self._client("dynamodbstreams")

    def sms_voice(self) -> PinpointSMSVoiceV2Client:
        """Return a client that reads opt-out lists and changes settings.

        It refuses to put, delete or text: only functions may, as they cannot outlive the lease under which they do.
        """
        client = self._client("pinpoint-sms-voice-v2", _PATIENT)
        for operation in FOR_FUNCTIONS_ONLY:
            client.meta.events.register(
                f"before-call.pinpoint-sms-voice-v2.{operation}", _refuse_call, unique_id=f"refused-{operation}"
            )
        return cast("PinpointSMSVoiceV2Client", self._watched(client))

    def functions(self) -> Any:
        """Return a client for invoking functions."""
        return self._client("lambda")

    def client(self, service: str) -> Any:
        """Return a client for another service."""
        return self._client(service)

    def _watched(self, client: Any) -> Any:
        self.clock.watch(client)
        return client

    def _client(self, service: str, config: Config = _PROMPT) -> Any:
        return self.session.create_client(service, config=config)

    # --- the stack

    def _part(self, output: str, option: str) -> str:
        given = self._given[output]
        if given:
            return given
        try:
            return self._outputs[output]
        except KeyError:
            raise NotFound(f"the stack {self.stack} has no output {output}: give {option}") from None
        except NotFound as error:
            raise NotFound(f"{error} or {option}") from error

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        try:
            (described,) = self._client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"].get("Code") != "ValidationError":
                raise
            raise NotFound(f"there is no stack {self.stack} in this account and region: give --stack") from error
        return cast("Mapping[str, Any]", described)

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self._description.get("Outputs", [])}

    @cached_property
    def _parameters(self) -> Mapping[str, str]:
        return {each["ParameterKey"]: each["ParameterValue"] for each in self._description.get("Parameters", [])}
