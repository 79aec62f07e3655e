"""An account with a whole deployment in it, as AWS tells of it: what `doctor --deep` looks at. No function runs here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.session import get_session
from moto.awslambda.models import EventSourceMapping, lambda_backends
from typer.testing import CliRunner

from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.ports import Sender
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import STACK, Deployment
from support.world import World, deployed

__all__ = ["FUNCTIONS", "OURS", "OWN_LIST", "DeepAccount", "deep_account"]

ACCOUNT, REGION = "123456789012", "us-east-1"
OURS, OWN_LIST = "+12065550142", "Stack"
FUNCTIONS = (
    "InboundFunction",
    "SweepFunction",
    "ReconcileFunction",
    "NotifyFunction",
    "ApiFunction",
    "RetentionFunction",
)
ALARM_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
NOT_IN_MOTO: dict[str, Any] = {
    "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}},
    "ListServiceQuotas": {"Quotas": [{"QuotaName": "Rate of PutOptedOutNumber requests", "Value": 50.0}]},
    "DescribeRcsAgents": {"RcsAgents": []},
}
"""What AWS answers to calls that moto lacks."""


@dataclass
class DeepAccount:
    """The account, and the command. ``answers`` and ``denied`` are by operation."""

    world: World
    topic: str
    queue: str
    dead: str
    events_dead: str
    key: str
    subscription: str
    number_id: str
    answers: dict[str, Any] = field(default_factory=lambda: dict(NOT_IN_MOTO))
    changed: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def deep(self, *arguments: str) -> tuple[int, Any]:
        """Its exit code and its JSON."""
        result = CliRunner().invoke(app, ["doctor", "--deep", "--json", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, json.loads(result.stdout)

    def findings(self, check: str) -> list[tuple[str, str]]:
        """Status and message of each finding of a check."""
        _, told = self.deep()
        return [(each["status"], each["message"]) for each in told["checks"] if each["check"] == check]

    def redeploy(self, **parameters: str) -> None:
        """The stack again, with other parameters."""
        (described,) = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        chosen = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
        client("cloudformation").delete_stack(StackName=STACK)
        _deploy(outputs, chosen | parameters)

    def configure(self, sender: Sender) -> None:
        """A sender that has settings."""
        SenderStore(client("dynamodb"), self.world.table).write(sender)

    def measure(self, metric: str, value: float, *, minutes_ago: int = 3, **dimensions: str) -> None:
        """One value of a metric, as Lambda or a function reports it."""
        namespace = "AWS/Lambda" if "FunctionName" in dimensions else f"SmsConsent/{STACK}"
        client("cloudwatch").put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": each} for name, each in dimensions.items()],
                    "Timestamp": self.world.parts.clock.now() - timedelta(minutes=minutes_ago),
                    "Value": value,
                }
            ],
        )

    def mapping(self, function: str) -> Any:
        """The event source mapping of a function."""
        mappings = lambda_backends[ACCOUNT][REGION]._event_source_mappings.values()
        return next(each for each in mappings if each.function_arn.endswith(f":{function}:live"))


@contextmanager
def deep_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeepAccount]:
    """A healthy deployment, two days old, with one number connected."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
        "AWS_DEFAULT_REGION": REGION,
        "COLUMNS": "110",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("LEDGER_TABLE", "SMS_CONSENT_STACK", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        Deployment, "_client", lambda _, service, config=None: client(service, guarded=config is not None)
    )
    # moto makes an RSA key for every key of KMS, also for one that needs none.
    monkeypatch.setattr("moto.kms.models.generate_private_key", lambda *_: None)
    with deployed() as world:
        monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: world.pass_time(seconds=seconds))
        made = _made(world)
        with patch.object(BaseClient, "_make_api_call", _around(made, BaseClient._make_api_call)):  # type: ignore[attr-defined]  # where every call passes
            yield made


def _around(account: DeepAccount, real: Any) -> Any:
    def call(aws: Any, operation: str, parameters: dict[str, Any]) -> Any:
        account.calls.append(operation)
        if operation in account.denied:
            response = {"Error": {"Code": "AccessDeniedException", "Message": "denied for +14255550182"}}
            raise ClientError(response, operation)  # type: ignore[arg-type]  # what AWS sends, as far as it is read
        answer = account.answers.get(operation)
        if answer is None:
            answer = real(aws, operation, parameters)
        return account.changed[operation](answer) if operation in account.changed else answer

    return call


def _made(world: World) -> DeepAccount:
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = json.dumps(
        {"Statement": [_allow("sms-voice.amazonaws.com", "kms"), _allow("sns.amazonaws.com", "kms"), account]}
    )
    key = client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    topic = client("sns").create_topic(
        Name="texts",
        Attributes={
            "KmsMasterKeyId": key,
            "Policy": json.dumps({"Statement": [_allow("sms-voice.amazonaws.com", "sns:Publish")]}),
        },
    )["TopicArn"]
    urls = {}
    for name in ("texts", "dead", "events-dead"):
        attributes = {
            "KmsMasterKeyId": key,
            "MessageRetentionPeriod": "1209600",
            "VisibilityTimeout": "270",
            "Policy": json.dumps({"Statement": [_allow("sns.amazonaws.com", "sqs:SendMessage", topic)]}),
        }
        urls[name] = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    subscription = client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=_arn("sqs", "texts"),
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": _arn("sqs", "dead")})},
    )["SubscriptionArn"]
    world.aws.create_opt_out_list(OptOutListName=OWN_LIST)
    number = world.backend.add_phone_number(OURS, opt_out_list_name=OWN_LIST)
    world.aws.update_phone_number(PhoneNumberId=number.phone_number_id, TwoWayEnabled=True, TwoWayChannelArn=topic)
    world.aws.update_phone_number(PhoneNumberId=number.phone_number_id, SelfManagedOptOutsEnabled=True)
    _table(world.table, key)
    _functions(world)
    _deploy(
        {
            "TopicArn": topic,
            "QueueUrl": urls["texts"],
            "DeadLetterQueueUrl": urls["dead"],
            "NotifyDeadLetterQueueUrl": urls["events-dead"],
            "LedgerTableName": world.table,
            "OptOutListName": OWN_LIST,
            "KeyArn": key,
            "LedgerStreamArn": client("dynamodb").describe_table(TableName=world.table)["Table"]["LatestStreamArn"],
            **{f"{name}Name": name for name in FUNCTIONS},
        },
        {"Brand": "Example", "SupportContact": "help.example.com", "AlarmTopicArn": ALARM_TOPIC},
    )
    _alarms()
    world.pass_time(days=2)
    made = DeepAccount(
        world, topic, urls["texts"], urls["dead"], urls["events-dead"], key, subscription, number.phone_number_id
    )
    made.measure("Invocations", 5, FunctionName="SweepFunction")
    made.measure("OldestOptOutDue", 0, service="sweep")
    made.measure("ReconcileAge", 3600, service="reconcile")
    return made


def _allow(service: str, action: str, source: str | None = None) -> dict[str, Any]:
    """A statement of template.yaml."""
    arn = source or f"arn:aws:{service.partition('.')[0]}:{REGION}:{ACCOUNT}:*"
    condition: dict[str, Any] = {"ArnLike": {"aws:SourceArn": arn}}
    if service.startswith("sms-voice"):
        condition["StringEquals"] = {"aws:SourceAccount": ACCOUNT}
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"] if action == "kms" else action,
        "Resource": "*",
        "Condition": condition,
    }


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _table(table: str, key: str) -> None:
    """With every setting of LedgerTable in template.yaml."""
    client("dynamodb").update_table(
        TableName=table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        DeletionProtectionEnabled=True,
    )
    client("dynamodb").update_time_to_live(
        TableName=table, TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True}
    )
    client("dynamodb").update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _functions(world: World) -> None:
    role = client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    for name in FUNCTIONS:
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=45,
            Publish=True,
            Environment={"Variables": {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": OWN_LIST, "BRAND": "Example",
                                       "SUPPORT_CONTACT": "help.example.com", "LEASE_SECONDS": "90"}},
        )  # fmt: skip
        client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    stream = client("dynamodb").describe_table(TableName=world.table)["Table"]["LatestStreamArn"]
    for name, source in (("InboundFunction", _arn("sqs", "texts")), ("NotifyFunction", stream)):
        mapping = EventSourceMapping(  # type: ignore[abstract]  # moto itself makes it so
            {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live",
                "EventSourceArn": source,
                "RegionName": REGION,
                "AccountId": ACCOUNT,
                "StartingPosition": "TRIM_HORIZON",
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": _arn("sqs", "events-dead")}},
            }
        )
        # Not by CreateEventSourceMapping: moto would run the functions in containers.
        lambda_backends[ACCOUNT][REGION]._event_source_mappings[mapping.uuid] = mapping
    for name in ("SweepFunction", "ReconcileFunction", "RetentionFunction"):
        rule = f"{STACK}-{name}"
        client("events").put_rule(Name=rule, ScheduleExpression="rate(1 minute)")
        target = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live"
        client("events").put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": target}])


def _alarms() -> None:
    client("sns").create_topic(Name="alarms")
    client("sns").subscribe(TopicArn=ALARM_TOPIC, Protocol="sqs", Endpoint=_arn("sqs", "dead"))
    for name in (
        f"{STACK}-DeadLetterAlarm-1A2B",
        f"{STACK}-QueueAgeAlarm-3C4D",
        f"{STACK}-other-stack-DeadLetterAlarm-5E",
    ):
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            MetricName="any",
            Namespace="any",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
            AlarmActions=[ALARM_TOPIC] if "other" not in name else [],
        )


def _deploy(outputs: dict[str, str], chosen: dict[str, str]) -> None:
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


@cache
def client(service: str, *, guarded: bool = False) -> Any:
    """One for all tests: making one takes longer than a test. ``guarded``: another, which a command has bar some calls."""
    return get_session().create_client(service, region_name=REGION)
