"""A stack that hears texts, and a number of the account that AWS still looks after: what `connect` finds, in this process."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.session import get_session
from click.testing import Result
from moto.awslambda.models import EventSourceMapping, lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from typer.testing import CliRunner

from handlers.inbound import container, handler
from handlers.sweep import container as sweep_container
from handlers.sweep import handler as sweep_handler
from sms_consent.adapters.clock import SystemClock
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.connect.delivery_check import TEST_SENDER
from sms_consent_cli.commands.connect.report import ConnectReport
from sms_consent_cli.commands.connect.run import connect, disconnect
from sms_consent_cli.commands.connect.switchover import ConnectOptions, Switchover
from sms_consent_cli.commands.connect.verdict import Verdict
from sms_consent_cli.main import app
from sms_consent_cli.shared import aws_clock
from sms_consent_cli.shared.command_context import CommandContext
from sms_consent_cli.shared.deployment import STACK, Deployment
from support.intercepted import Killed
from support.lambda_context import Context
from support.template import resources
from support.world import OURS, PERSON, World, deployed

__all__ = ["NUMBER", "OLD_LIST", "OWN_LIST", "Connectable", "connectable"]

NUMBER = "+12065550142"
OLD_LIST, OWN_LIST = "Default", "Stack"
ACCOUNT, REGION = "123456789012", "us-east-1"
FUNCTIONS = ("InboundFunction", "SweepFunction")


@dataclass
class Connectable:
    """The command, the stack that it works on, and what each call of the command left behind."""

    world: World
    topic: str
    queue: str
    number_id: str
    calls: list[str] = field(default_factory=list)
    report: ConnectReport | None = None  # of the last command that was run quickly
    deaf: bool = False  # the functions do nothing
    may_invoke: bool = True  # whether the caller may invoke SweepFunction
    invoked: list[dict[str, Any]] = field(default_factory=list)  # what SweepFunction was invoked with
    dated: str | None = "as AWS does"  # the Date header of what the command is answered; None for none
    _ahead: timedelta = timedelta()  # of AWS's time: the command's machine
    _working: bool = False
    _kill_at: int | None = None
    _look: Callable[[str], None] | None = None

    def run(self, *arguments: str) -> Result:
        """One command, to its end."""
        return CliRunner().invoke(app, list(arguments))

    def told(self, *arguments: str) -> tuple[int, Any]:
        """Its exit code and its JSON."""
        result = self.run(*arguments, "--json")
        return result.exit_code, json.loads(result.stdout.splitlines()[-1])  # the function's logs stand before it

    def quickly(self, *arguments: str, kill_at: int | None = None) -> int | None:
        """The same without a terminal and its costs: its exit code, None if it was killed before its call of that place."""
        self.calls.clear()
        self._kill_at = kill_at
        command, sender, *options = arguments
        accepted = frozenset(options[at + 1] for at, option in enumerate(options) if option == "--accept")
        wishes = ConnectOptions(
            accepted=accepted,
            copy="--copy-opt-outs" in options or "--carry" in options,
            forget="--forget" in options,
            dry_run="--dry-run" in options,
            keep_list="--keep-list" in options,
            wait=5,
        )
        self.report = report = ConnectReport(sender, silent=True, dry_run=wishes.dry_run)
        try:
            switchover = Switchover(CommandContext(Deployment()), wishes, report)
            originator = switchover.originators.find(sender)
            assert originator is not None
            return {"connect": connect, "disconnect": disconnect}[command](switchover, originator, wishes, report)
        except Killed:
            return None
        finally:
            self._kill_at = None

    def redeployed(self, **parameters: str) -> None:
        """With other parameters."""
        (described,) = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        chosen = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
        client("cloudformation").delete_stack(StackName=STACK)
        _deploy(outputs, chosen | parameters)

    @contextmanager
    def machine_ahead(self, by: timedelta) -> Iterator[None]:
        """The command's machine has another time than AWS, which shows its own in every call and while the command sleeps."""
        self._ahead = by
        self.world.time.shift(by)
        try:
            yield
        finally:
            self.world.time.shift(-by)
            self._ahead = timedelta()

    @contextmanager
    def _at_aws(self) -> Iterator[None]:
        ahead, self._ahead = self._ahead, timedelta()
        self.world.time.shift(-ahead)
        try:
            yield
        finally:
            self.world.time.shift(ahead)
            self._ahead = ahead

    def counter(self) -> float:
        """The machine's, which nobody sets: here it goes with AWS's time."""
        return time.time() - self._ahead.total_seconds()

    def snapshot(self) -> Callable[[], None]:
        """How to come back to how everything is now: numbers, lists and ledger."""
        lists = {name: dict(each.__dict__) for name, each in self.world.backend.opt_out_lists.items()}
        lists = copy.deepcopy(lists)
        number = copy.copy(self.number.__dict__)
        items = copy.deepcopy(self._table.items)

        def restore() -> None:
            for name, attributes in lists.items():
                self.world.backend.opt_out_lists[name].__dict__.update(copy.deepcopy(attributes))
            self.number.__dict__.update(number)
            self._table.items = copy.deepcopy(items)

        return restore

    @property
    def _table(self) -> Any:
        return dynamodb_backends[ACCOUNT][REGION].tables[self.world.table]

    def ledger(self) -> list[Any]:
        """Every item but those of the trial, as they stand."""
        return [
            (key, sort, item.to_json()["Attributes"].get("revision"))
            for key, under in self._table.items.items()
            if TEST_SENDER not in str(key)
            for sort, item in under.items()
        ]

    @contextmanager
    def looking(self, look: Callable[[str], None]) -> Iterator[None]:
        """``look`` is called after each call of the command's, with its name."""
        self._look = look
        try:
            yield
        finally:
            self._look = None

    # --- how things stand

    def found(self, name: str) -> tuple[str, str]:
        """The worst that a check of that name has found, and what it told."""
        assert self.report is not None
        order = list(Verdict)
        worst = max(
            (check for check in self.report.checks if check.name == name), key=lambda check: order.index(check.verdict)
        )
        return worst.verdict.value, worst.message

    @property
    def number(self) -> Any:
        backend = self.world.backend
        return backend.rcs_agents.get(self.number_id) or backend.phone_numbers[self.number_id]

    def handling(self) -> tuple[bool, str | None, str, bool]:
        number = self.number
        return (
            number.two_way_enabled,
            number.two_way_channel_arn,
            number.opt_out_list_name,
            number.self_managed_opt_outs_enabled,
        )

    @property
    def is_safe(self) -> bool:
        """AWS honours STOP, or texts reach a topic that works and the number obeys the list that the stack writes to."""
        two_way, channel, list_name, self_managed = self.handling()
        return not self_managed or (two_way and channel == self.topic and list_name == OWN_LIST)

    def listed(self, name: str) -> set[str]:
        return set(self.world.backend.opt_out_lists[name].numbers)

    def changes(self) -> list[str]:
        """The calls that changed anything."""
        return [call for call in self.calls if call.startswith(("Put", "Update", "Delete", "Publish", "Create", "Set"))]

    # --- what happens beside the command

    def pass_a_moment(self, seconds: float) -> None:
        """The function hears what is in the queue."""
        with self._at_aws():
            self.world.pass_time(seconds=seconds)
            if not self.deaf and not self._working:
                self.hear()

    def text(self, body: str, number: str = PERSON, at: datetime | None = None) -> None:
        """Somebody texts, at another time than now where the topic is late; InboundFunction processes it."""
        before, self._working = self._working, True
        payload = {"originationNumber": number, "destinationNumber": OURS, "messageBody": body,
                   "messageKeyword": "X", "inboundMessageId": uuid4().hex}  # fmt: skip
        timestamp = as_text(at or self.world.parts.clock.now())
        sns = {
            "Type": "Notification",
            "MessageId": uuid4().hex,
            "Timestamp": timestamp,
            "Message": json.dumps(payload),
            "TopicArn": self.topic,
        }
        try:
            handler({"Records": [{"EventSource": "aws:sns", "Sns": sns}]}, Context())  # type: ignore[arg-type]
        finally:
            self._working = before

    def hear(self) -> None:
        """InboundFunction processes what is in the queue."""
        before, self._working = self._working, True
        try:
            sqs = client("sqs")
            while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
                records = [
                    {"messageId": each["MessageId"], "body": each["Body"], "attributes": {}, "eventSource": "aws:sqs"}
                    for each in found
                ]
                handler({"Records": records}, Context())  # type: ignore[arg-type]  # the two members that it uses
                for each in found:
                    sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        finally:
            self._working = before

    def invoke(self, FunctionName: str, Payload: bytes, **how: str) -> dict[str, Any]:  # noqa: N803  as AWS names them
        """Lambda's Invoke: SweepFunction runs at once."""
        if not self.may_invoke:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "denied"}}, "Invoke")
        assert (FunctionName, how) == (FUNCTIONS[1], {"Qualifier": "live", "InvocationType": "Event"})
        self.invoked.append(json.loads(Payload))
        if not self.deaf:
            self.sweep(self.invoked[-1])
        return {"StatusCode": 202}

    def sweep(self, event: dict[str, Any] | None = None) -> None:
        """SweepFunction, by its schedule or for the numbers in an event."""
        before, self._working = self._working, True
        try:
            sweep_handler(event or {}, Context())  # type: ignore[arg-type]
        finally:
            self._working = before

    def _dated(self, answer: Any) -> Any:
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if self.dated is None:
            headers.pop("date", None)
        elif self.dated != "as AWS does":
            headers["date"] = self.dated
        return answer

    def witness(self, call: Any) -> Any:
        """Around every call of AWS in this process; what the function does is not the command's."""

        def made(aws: Any, operation: str, parameters: dict[str, Any]) -> Any:
            if self._working:
                return call(aws, operation, parameters)
            if self._kill_at is not None and len(self.calls) == self._kill_at:
                raise Killed
            self.calls.append(operation)
            with self._at_aws():
                answer = self.invoke(**parameters) if operation == "Invoke" else call(aws, operation, parameters)
                if self._look is not None:
                    self._working = True
                    try:
                        self._look(operation)
                    finally:
                        self._working = False
            return self._dated(answer)

        return made


@contextmanager
def connectable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """Everything as a deployment leaves it; the number is as AWS hands one out."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "COLUMNS": "110",
        "LEDGER_TABLE": "ledger",
        "OPT_OUT_LIST": OWN_LIST,
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("SMS_CONSENT_STACK", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Deployment, "_client", lambda _self, service, _config=None: client(service))
    with deployed() as world:
        queue = client("sqs").create_queue(QueueName="texts")["QueueUrl"]
        monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", client("sqs").create_queue(QueueName="dead")["QueueUrl"])
        container.cache_clear()
        sweep_container.cache_clear()
        made = _made(world, queue)
        monkeypatch.setattr(aws_clock, "_counter", made.counter)
        monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: made.pass_a_moment(seconds))
        with patch.object(BaseClient, "_make_api_call", _method(made.witness(BaseClient._make_api_call))):  # type: ignore[attr-defined]  # where every call passes
            yield made
    container.cache_clear()
    sweep_container.cache_clear()


def _method(made: Any) -> Any:
    def call(aws: Any, operation: str, parameters: dict[str, Any]) -> Any:
        return made(aws, operation, parameters)

    return call


def _made(world: World, queue: str) -> Connectable:
    world.aws.create_opt_out_list(OptOutListName=OWN_LIST)
    added = world.backend.add_phone_number(NUMBER)
    topic = client("sns").create_topic(Name="texts")["TopicArn"]
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=_policy(topic))
    queue_arn = _arn_of(queue)
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    _register_functions(queue_arn)
    outputs = {
        "TopicArn": topic,
        "QueueUrl": queue,
        "LedgerTableName": world.table,
        "OptOutListName": OWN_LIST,
        "InboundFunctionName": FUNCTIONS[0],
        "SweepFunctionName": FUNCTIONS[1],
    }
    _deploy(outputs, {"Brand": "Example", "SupportContact": "help.example.com"})
    return Connectable(world, topic, queue, added.phone_number_id)


def _deploy(outputs: dict[str, str], chosen: dict[str, str]) -> None:
    """A stack, which is what names the deployment's parts."""
    client("cloudformation").create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(
            {
                "Parameters": {name: {"Type": "String"} for name in chosen},
                "Resources": {"Something": {"Type": "AWS::SQS::Queue"}},
                "Outputs": {name: {"Value": value} for name, value in outputs.items()},
            }
        ),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()],
    )


def _policy(topic: str) -> str:
    """The template's own, as CloudFormation would have resolved it."""
    document = json.dumps(
        resources("AWS::SNS::TopicPolicy")["InboundTopicPolicy"]["Properties"]["PolicyDocument"], default=str
    )
    for written, meant in {
        '{"Ref": "InboundTopic"}': json.dumps(topic),
        '{"Ref": "AWS::AccountId"}': json.dumps(ACCOUNT),
        '{"Fn::Sub": "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:*"}': json.dumps(
            f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:*"
        ),
    }.items():
        assert written in document
        document = document.replace(written, meant)
    return document


def _arn_of(queue: str) -> str:
    asked = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn: str = asked["Attributes"]["QueueArn"]
    return arn


def _register_functions(queue_arn: str) -> None:
    """Only told of: moto would run them in containers."""
    role = iam_backends[ACCOUNT]["aws"].create_role(
        "functions", "{}", "/", permissions_boundary=None, description="", tags=[], max_session_duration="3600"
    )
    backend = lambda_backends[ACCOUNT][REGION]
    for name in FUNCTIONS:
        backend.create_function(
            {
                "FunctionName": name,
                "Runtime": "python3.13",
                "Role": role.arn,
                "Handler": "handler",
                "Code": {"ZipFile": ""},
            }
        )
    mapping = EventSourceMapping(  # type: ignore[abstract]  # moto itself makes it so
        {
            "FunctionName": FUNCTIONS[0],
            "FunctionArn": backend.get_function(FUNCTIONS[0]).function_arn,
            "EventSourceArn": queue_arn,
            "RegionName": REGION,
            "AccountId": ACCOUNT,
        }
    )
    backend._event_source_mappings[mapping.uuid] = mapping


@cache
def client(service: str) -> Any:
    """One for all tests: making one takes longer than a test."""
    return get_session().create_client(service)
