"""A deployment on AWS in memory: the real adapters, the emulator's list, and time that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import time_machine
from moto import mock_aws

import moto_sms_voice
from sms_consent.adapters import clients
from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.transitions import by_end_user
from sms_consent_cli.local import moto_ledger
from support.template import create_table

OURS = "+12125550101"
PERSON = "+14255550182"
LIST = "Default"
START_OF_TEST = datetime(2026, 11, 3, 14, 0, 0, tzinfo=UTC)


@dataclass
class World:
    """A deployment: its parts, and what AWS holds."""

    parts: Container
    aws: Any
    table: str
    time: time_machine.Traveller
    decided: list[Decision] = field(default_factory=list)

    def decision(self, asked: Asked, at: datetime | None = None, **fields: Any) -> Decision:
        values: dict[str, Any] = {"id": uuid4().hex, "number": PERSON, "author": Author.END_USER, "through": OURS}
        return Decision(asked=asked, at=at or self.parts.clock.now(), **(values | fields))

    def opt_out(self, at: datetime | None = None, **fields: Any) -> Consent:
        return self._record(self.decision(Asked.OPT_OUT, at, **fields))

    def opt_in(self, at: datetime | None = None, **fields: Any) -> Consent:
        return self._record(self.decision(Asked.OPT_IN, at, **fields))

    def _record(self, decision: Decision) -> Consent:
        self.decided.append(decision)
        reply_from = OURS if by_end_user(decision) else None
        return self.parts.recorder.record(decision, LIST, reply_from=reply_from).consent

    def again(self, index: int = -1) -> Consent:
        return self._record(self.decided[index])

    def consent(self) -> Consent:
        standing = self.parts.ledger.consent(PERSON, LIST)
        assert standing is not None
        return standing

    def listed(self) -> bool:
        numbers = self.aws.describe_opted_out_numbers(OptOutListName=LIST)["OptedOutNumbers"]
        return PERSON in {each["OptedOutNumber"] for each in numbers}

    def texts(self) -> list[str]:
        return [text.body for text in self.backend.sent_texts()]

    def calls(self) -> list[str]:
        return [record.operation for record in self.backend.request_log()]

    def items(self) -> list[dict[str, Any]]:
        return list(clients.dynamodb().scan(TableName=self.table)["Items"])

    def history(self) -> list[dict[str, Any]]:
        return [item for item in self.items() if item["sk"]["S"].startswith("DECISION#")]

    @property
    def backend(self) -> Any:
        return sms_backend()

    def pass_time(self, **elapsed: float) -> None:
        self.time.shift(timedelta(**elapsed))

    def sweep(self) -> None:
        now = self.parts.clock.now()
        Container(self.parts.settings, paced=False).sweep.run(now + timedelta(seconds=11))


def sms_backend() -> Any:
    """Return what the emulator holds."""
    from moto_sms_voice.pinpointsmsvoicev2.models import pinpointsmsvoicev2_backends

    return pinpointsmsvoicev2_backends["123456789012"]["us-east-1"]


@contextmanager
def deployed() -> Iterator[World]:
    """A fresh deployment, at two in the afternoon of a third of November. Wants fake credentials in the environment."""
    moto_sms_voice.install()
    moto_ledger.patch()
    with mock_aws(), _clients(), time_machine.travel(START_OF_TEST, tick=False) as time:
        settings = Settings.from_environment(
            {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": LIST, "BRAND": "Example", "SUPPORT_CONTACT": "help.example.com"}
        )
        create_table(clients.dynamodb())
        made = World(Container(settings, paced=False), clients.sms_voice(), "ledger", time)
        made.backend.add_phone_number(OURS, opt_out_list_name=LIST)
        yield made


@contextmanager
def _clients() -> Iterator[None]:
    """The same clients for every test: making them takes longer than most tests."""
    for name in ("dynamodb", "sms_voice", "queues", "secrets"):
        if name not in _MADE:
            _MADE[name] = getattr(clients, name).__wrapped__()
    with ExitStack() as stack:
        for name, client in _MADE.items():
            stack.enter_context(patch.object(clients, name, lambda client=client: client))
        yield


_MADE: dict[str, Any] = {}
