"""A stack of template.yaml in moto's CloudFormation, which is deleted, restored and created again."""

from __future__ import annotations

import copy
import io
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from botocore.session import Session, get_session
from click.testing import Result
from moto import mock_aws
from typer.testing import CliRunner

import moto_sms_voice
from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.container import Container, assemble_reconciler
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent_cli.local import deployment, moto_ledger
from sms_consent_cli.local.deployment import STACK, Deployment, deploy
from sms_consent_cli.local.template import Template, read_template
from sms_consent_cli.main import app
from sms_consent_cli.shared import aws_clock
from sms_consent_cli.shared.deployment import Deployment as Found
from support.template import REPOSITORY
from support.world import OURS, PERSON, START_OF_TEST, sms_backend

__all__ = ["Recovery", "client", "recovery_in", "sms_backend"]

GIVEN = {"Brand": "Example", "SupportContact": "help.example.com"}


@cache
def _session(region: str) -> Session:
    session = get_session()
    session.set_config_variable("region", region)
    return session


@cache
def client(service: str, region: str = "us-east-1", used_by: str = "tests") -> Any:
    """One client for all tests: making one takes longer than most of them. Commands refuse some calls of their own client."""
    del used_by
    return _session(region).create_client(service)


@cache
def _read() -> Template:
    return read_template(REPOSITORY / "template.yaml", GIVEN)


def _transformed(_path: Any, chosen: Mapping[str, str]) -> Template:
    """The transform takes most of a second, and what is chosen here changes nothing about it."""
    read = _read()
    return replace(read, document=copy.deepcopy(read.document), parameters={**read.parameters, **chosen})


@dataclass
class Recovery:
    """The account, and the stack that is deployed in it."""

    time: time_machine.Traveller
    deployed: Deployment | None = None
    asked: int = field(default=0)

    # --- the stack

    def deploy(self, **parameters: str) -> Deployment:
        """Create the stack, with whatever the template creates."""
        with patch.object(deployment, "read_template", _transformed):
            self.deployed = deploy(REPOSITORY / "template.yaml", GIVEN | parameters)
        return self.deployed

    def delete(self) -> None:
        """Delete it; what the template retains stays."""
        client("cloudformation").delete_stack(StackName=STACK)
        self.deployed = None

    def output(self, name: str) -> str:
        assert self.deployed is not None
        return self.deployed.output(name)

    @property
    def list_arn(self) -> str:
        name = self.output("OptOutListName")
        return name if name.startswith("arn:") else f"arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/{name}"

    # --- its functions

    def parts(self) -> Container:
        """With the environment that the stack's functions have."""
        return Container(self._settings(), paced=False)

    def _settings(self) -> Settings:
        return Settings.from_environment(
            {
                "LEDGER_TABLE": self.output("LedgerTableName"),
                "OPT_OUT_LIST": self.output("OptOutListName"),
                "BRAND": "Example",
                "SUPPORT_CONTACT": "help.example.com",
                "ACCOUNT_ID": "123456789012",
                "AWS_REGION": "us-east-1",
            }
        )

    def text(self, asked: Asked, number: str = PERSON) -> Consent:
        """Record what a text asks for, and carry it out; a minute passes."""
        self.asked += 1
        parts = self.parts()
        decision = Decision(
            id=f"text-{self.asked}",
            number=number,
            asked=asked,
            at=parts.clock.now(),
            author=Author.END_USER,
            through=OURS,
        )
        consent = parts.recorder.record(decision, parts.settings.opt_out_list, reply_from=OURS).consent
        self.time.shift(timedelta(minutes=1))
        return consent

    def sweep(self) -> None:
        parts = self.parts()
        parts.sweep.run(parts.clock.now() + timedelta(seconds=11))

    def reconcile(self) -> Any:
        """A whole run of ReconcileFunction, and the sweep after it."""
        settings = self._settings()
        run = assemble_reconciler(
            clients.dynamodb(),
            clients.sms_voice(),
            table=settings.table,
            lists=(settings.opt_out_list,),
            rate=1000.0,
            clock=SystemClock(),
            dry_book=None,
            names=settings.names,
        ).run(SystemClock().now() + timedelta(minutes=14), force=True)
        self.sweep()
        return run.run.counts

    # --- what is known of a person

    def consent(self, number: str = PERSON) -> Consent | None:
        parts = self.parts()
        return parts.ledger.consent(number, parts.settings.opt_out_list)

    def listed(self) -> set[str]:
        numbers = client("pinpoint-sms-voice-v2").describe_opted_out_numbers(
            OptOutListName=self.output("OptOutListName")
        )
        return {each["OptedOutNumber"] for each in numbers["OptedOutNumbers"]}

    # --- the command

    def commands_in(self, monkeypatch: pytest.MonkeyPatch, region: str) -> None:
        """Let commands work in another region from now on."""
        monkeypatch.setattr(Found, "_client", lambda _, service, *__: client(service, region, "commands"))

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@contextmanager
def recovery_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recovery]:
    """An empty account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("COLUMNS", "120")
    moto_sms_voice.install()
    moto_ledger.patch()
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        traveller = stack.enter_context(time_machine.travel(START_OF_TEST, tick=False))
        for name, service in (("dynamodb", "dynamodb"), ("sms_voice", "pinpoint-sms-voice-v2")):
            stack.enter_context(patch.object(clients, name, lambda service=service: client(service)))
        monkeypatch.setattr(Found, "_client", lambda _, service, *__: client(service, used_by="commands"))
        monkeypatch.setattr(aws_clock, "_counter", time.time)
        monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: traveller.shift(timedelta(seconds=seconds)))
        _upload()
        backend = sms_backend()
        backend.add_phone_number(OURS, opt_out_list_name="Default")
        yield Recovery(traveller)


def _upload() -> None:
    client("s3").create_bucket(Bucket="local")
    client("s3").put_object(Bucket="local", Key="code.zip", Body=io.BytesIO(b"").getvalue())
