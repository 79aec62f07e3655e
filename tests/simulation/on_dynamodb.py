"""The same histories on AWS in memory: the real adapters, a table as template.yaml has it, and the emulator's lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any
from unittest.mock import patch

import time_machine
from moto import mock_aws
from simulation import history as h
from simulation.world import BEGINNING
from support.fake_clock import FakeClock
from support.memory_ledger import History
from support.template import create_table
from support.world import sms_backend

import moto_sms_voice
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import encode, from_attributes
from sms_consent.adapters.dynamodb.evidence_queries import DynamoEvidence
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList, AwsTexting
from sms_consent.domain.consent import Listing
from sms_consent.domain.decision import Outcome
from sms_consent.queries.evidence import PersonEvidence

__all__ = ["AwsStage", "aws_stage"]

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


class _MovingClock(FakeClock):
    """Moves the process's time along, by which the emulator goes."""

    def __init__(self, time: time_machine.Traveller) -> None:
        super().__init__(BEGINNING)
        self._time = time
        time.move_to(BEGINNING, tick=False)

    def move_to(self, moment: datetime) -> None:
        super().move_to(moment)
        self._time.move_to(self.now(), tick=False)


class _ReadableLedger(DynamoLedger):
    """What stands in the table, for whoever judges."""

    def evidence(self, number: str) -> PersonEvidence:
        """What the ledger holds about a number, with its chain verified."""
        return DynamoEvidence(self._client, self._table).person(number)

    def decisions(self) -> list[History]:
        """The history of everybody."""
        found = []
        for page in self._client.get_paginator("scan").paginate(TableName=self._table):
            for item in map(from_attributes, page["Items"]):
                if item["sk"].startswith(items.DECISION):
                    decision, outcome, recorded_at = items.decision_from(item)
                    assert recorded_at is not None
                    found.append(History(decision, Outcome(outcome), recorded_at))
        return found


class _Service:
    """List and texting by the real adapters, and what the emulator holds."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._list = AwsOptOutList(clients.sms_voice())
        self._texting = AwsTexting(clients.sms_voice())

    def put(self, number: str, list_name: str) -> Listing:
        return self._list.put(number, list_name)

    def delete(self, number: str, list_name: str) -> Listing | None:
        return self._list.delete(number, list_name)

    def find(self, number: str, list_name: str) -> Listing | None:
        return self._list.find(number, list_name)

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        return self._texting.send(to=to, sender=sender, body=body, reference=reference)

    def is_listed(self, number: str, list_name: str) -> bool:
        return number in self._backend.opt_out_list(list_name)

    @property
    def texts(self) -> list[Any]:
        return list(self._backend.sent_texts())

    def remember(self, number: str, list_name: str, *, listed: bool, deleted_at: datetime | None) -> None:
        entries = self._backend.opt_out_list(list_name)
        if deleted_at is not None:
            entries._deleted[number] = _naive(deleted_at)  # as a deletion at that time would have left it
        if listed:
            entries.add(number, _naive(BEGINNING), by_end_user=True)


class AwsStage:
    """One account for many histories, each with a table of its own."""

    def __init__(self, time: time_machine.Traveller) -> None:
        self._time = time
        self._tables = count(1)

    def clock(self) -> FakeClock:
        self._made_clock = _MovingClock(self._time)
        return self._made_clock

    def ports(self, terms: h.Terms) -> tuple[_ReadableLedger, _Service]:
        """What the emulator cannot be told (how the 30 days are counted) is as it has it."""
        table = create_table(clients.dynamodb(), f"ledger-{next(self._tables)}")
        backend = sms_backend()
        backend.reset()
        for name in set(h.LISTS) - {h.OWN_LIST}:
            clients.sms_voice().create_opt_out_list(OptOutListName=name)
        for line, list_name in h.LINES.items():
            backend.add_phone_number(line, opt_out_list_name=list_name)
        backend.set_quotas(terms.quotas)
        backend.set_opt_in_refusal("ConflictException" if terms.conflict else "ValidationException")
        for sender in h.SENDERS:
            clients.dynamodb().put_item(TableName=table, Item=encode(sender))
        return _ReadableLedger(clients.dynamodb(), table, clock=self._made_clock), _Service(backend)


@contextmanager
def aws_stage() -> Iterator[AwsStage]:
    """AWS in memory, for as long as histories run."""
    moto_sms_voice.install()
    forget = (clients.dynamodb, clients.sms_voice, clients.queues)
    with patch.dict("os.environ", CREDENTIALS):
        for each in forget:
            each.cache_clear()
        with mock_aws(), time_machine.travel(BEGINNING, tick=False) as time:
            yield AwsStage(time)
        for each in forget:
            each.cache_clear()


def _naive(moment: datetime) -> datetime:
    """moto's times are naive."""
    return moment.replace(tzinfo=None)
