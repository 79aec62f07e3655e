"""A deployment as an operator's commands find it: a stack with outputs and parameters, its ledger, the account's lists."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session
from click.testing import Result
from typer.testing import CliRunner

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent_cli.main import app
from sms_consent_cli.shared import aws_clock
from sms_consent_cli.shared.deployment import STACK, Deployment
from support.world import LIST, World, deployed

__all__ = ["ARN", "Configured", "configured"]

ARN = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/"
LISTS = ("Marketing", "Club", "Alerts")


@dataclass
class Configured:
    """The command, and what it can reach."""

    world: World
    command: str
    waited: list[float]

    def run(self, *arguments: str, stdin: str | bytes | None = None, **environment: str) -> Result:
        """One of the command's subcommands."""
        return CliRunner().invoke(app, [self.command, *arguments], input=stdin, env=environment)

    def done(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        """The same, where it must succeed."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result

    def told(self, *arguments: str) -> Any:
        """Its JSON."""
        return json.loads(self.done(*arguments, "--json").stdout)

    def deploy(self, own_list: str = LIST, **parameters: str) -> None:
        """A stack, which is what names the deployment's parts; what is in it is nobody's business here."""
        chosen = {"Brand": "Example", "SupportContact": "help.example.com"} | parameters
        outputs = {"LedgerTableName": self.world.table, "OptOutListName": own_list}
        _formation().create_stack(
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

    def redeploy(self, own_list: str = LIST, **parameters: str) -> None:
        """The stack again, deployed otherwise."""
        _formation().delete_stack(StackName=STACK)
        self.deploy(own_list, **parameters)

    def written(self) -> list[dict[str, Any]]:
        """Everything in the ledger's table except the records of imports."""
        items = clients.dynamodb().scan(TableName=self.world.table)["Items"]
        return [item for item in items if item["pk"]["S"] != "IMPORTS"]


@contextmanager
def configured(monkeypatch: pytest.MonkeyPatch, command: str) -> Iterator[Configured]:
    """An account with three lists beside its default one. There is no stack before ``deploy``."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "COLUMNS": "80",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("LEDGER_TABLE", "SMS_CONSENT_STACK", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    # One client for all tests: making one takes longer than a test.
    monkeypatch.setattr(Deployment, "dynamodb", lambda _: clients.dynamodb())
    monkeypatch.setattr(Deployment, "sms_voice", lambda _: clients.sms_voice())
    monkeypatch.setattr(Deployment, "_client", lambda _, service, *__: _client(service))
    with deployed() as world:
        waited: list[float] = []
        monkeypatch.setattr(aws_clock, "_counter", time.time)  # which stands still, and is moved with the time of day

        def sleep(_: SystemClock, seconds: float) -> None:
            waited.append(seconds)
            world.pass_time(seconds=seconds)

        monkeypatch.setattr(SystemClock, "sleep", sleep)
        for name in LISTS:
            world.aws.create_opt_out_list(OptOutListName=name)
        yield Configured(world, command, waited)


def _formation() -> Any:
    return _client("cloudformation")


@cache
def _client(service: str) -> Any:
    return get_session().create_client(service)
