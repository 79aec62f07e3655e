"""Decides which deployment a command works on: each part as it is named, else as the CloudFormation stack says."""

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
from sms_consent_cli.shared.terminal_text import say

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_sqs import SQSClient

__all__ = ["FOR_FUNCTIONS_ONLY", "STACK", "Deployment", "NotFound", "is_here"]

STACK = "sms-consent"
"""What `sam deploy` calls it here, and the local stack."""

_HERE = ("localhost", "127.0.0.1", "::1")
# A person waits, who wants to know soon that nobody is there, and not at all that a second's quota was used up.
_PROMPT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
_PATIENT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 8})


FOR_FUNCTIONS_ONLY = ("PutOptedOutNumber", "DeleteOptedOutNumber", "SendTextMessage", "SendRcsMessage")
"""A person's machine may sleep for hours between a look at the ledger and a call, so no command makes these calls."""


def _refused(model: Any, **_: Any) -> None:
    raise RuntimeError(f"a command must not call {model.name}: record, and leave the call to SweepFunction")


def is_here(endpoint: str) -> bool:
    """Whether an endpoint is on this machine, as a local stack's is."""
    return urlsplit(endpoint).hostname in _HERE


class NotFound(Exception):
    """There is no such deployment where the command looks; the message says how to name one."""


class Deployment:
    """Looked up when first asked for, so that whatever is named needs no stack. Raises NotFound, BotoCoreError or ClientError."""

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
        """The ledger."""
        return self._part("LedgerTableName", "--table")

    @property
    def queue_url(self) -> str:
        """Where texts wait to be heard."""
        return self._part("QueueUrl", "--queue")

    @property
    def dead_letter_queue_url(self) -> str:
        """Where texts are that nobody could hear."""
        return self._part("DeadLetterQueueUrl", "--dead-letter-queue")

    @property
    def notify_dead_letter_queue_url(self) -> str:
        """Where changes are that could not be told to other systems."""
        return self._part("NotifyDeadLetterQueueUrl", "--dead-letter-queue")

    @property
    def event_bus(self) -> str:
        """On which other systems are told, by its ARN."""
        return self._part("EventBus", "--event-bus")

    @property
    def topic_arn(self) -> str:
        """To which the service publishes texts."""
        return self.part("TopicArn")

    def part(self, output: str) -> str:
        """Whatever else the stack tells of itself."""
        try:
            return self._outputs[output]
        except KeyError:
            raise NotFound(f"the stack {self.stack} has no output {output}: deploy this version of it") from None

    @property
    def own_list(self) -> str | None:
        """The opt-out list of senders without settings of their own; None if there is no stack to tell it."""
        given = self._outputs.get("OptOutListName") if self.has_stack else None
        return self.names.canonical(given) if given is not None else None

    @cached_property
    def names(self) -> ListNames:
        """The names of lists in the deployment's own account and region, from the ARN of the stack, or else of the ledger."""
        if self.has_stack and "StackId" in self._description:
            return ListNames.of_arn(self._description["StackId"])
        try:
            return ListNames.of_arn(self.dynamodb().describe_table(TableName=self.table)["Table"]["TableArn"])
        except ClientError as error:
            if error.response["Error"].get("Code") not in {"AccessDeniedException", "ResourceNotFoundException"}:
                raise
            return ListNames()

    def parameter(self, name: str, default: str = "") -> str:
        """What the stack was deployed with; the default if there is no stack."""
        return self._parameters.get(name, default) if self.has_stack else default

    def parameters(self) -> Mapping[str, str]:
        """All that the stack was deployed with. Raises NotFound if there is no stack."""
        return self._parameters

    @cached_property
    def has_stack(self) -> bool:
        """Whether there is a stack that this command may look at: one whose parts were all named does without."""
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
        """AWS's time, by the responses to this command's own requests."""
        return self.clock_by(self._ask_ledger)

    def clock_by(self, ask: Callable[[], Mapping[str, Any]]) -> AwsClock:
        """AWS's time for a command that does without the ledger; ``ask`` makes a request that it may make."""
        local = is_here(os.environ.get("AWS_ENDPOINT_URL", ""))
        advice = "the time of a local stack can be moved on" if local else "set the clock"
        return AwsClock(ask, lambda warning: say(f"warning: {warning}; {advice}", err=True))

    def _ask_ledger(self) -> Mapping[str, Any]:
        """Read an item that does not exist. A refusal has a date too."""
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
        """As the AWS CLI finds region and credentials; a local stack takes any, so it need not be given some."""
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
        """For the ledger."""
        return cast("DynamoDBClient", self._watched(self._client("dynamodb")))

    def dynamodb_for(self, workers: int) -> DynamoDBClient:
        """For the ledger, from several threads at once, none of which waits for a connection."""
        config = _PATIENT.merge(Config(max_pool_connections=workers, read_timeout=60))
        return cast("DynamoDBClient", self._watched(self._client("dynamodb", config)))

    def sqs(self) -> SQSClient:
        """For the queues."""
        return cast("SQSClient", self._client("sqs"))

    def events(self) -> EventBridgeClient:
        """For what other systems are told."""
        return cast("EventBridgeClient", self._client("events"))

    def streams(self) -> Any:
        """For what the ledger's stream still holds."""
        return self._client("dynamodbstreams")

    def sms_voice(self) -> PinpointSMSVoiceV2Client:
        """For opt-out lists: to read them, and to change their settings.

        The client refuses the calls that only a function may make, under a lease that it never outlives.
        """
        client = self._client("pinpoint-sms-voice-v2", _PATIENT)
        for operation in FOR_FUNCTIONS_ONLY:
            client.meta.events.register(
                f"before-call.pinpoint-sms-voice-v2.{operation}", _refused, unique_id=f"refused-{operation}"
            )
        return cast("PinpointSMSVoiceV2Client", self._watched(client))

    def functions(self) -> Any:
        """For invoking functions."""
        return self._client("lambda")

    def client(self, service: str) -> Any:
        """For whatever else is asked once or twice."""
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
