"""A consumer that keeps the newest version of each consent agrees with the ledger, under any history and redelivery."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.history import History
from simulation.strategies import histories
from simulation.world import World
from support.event_schemas import fits
from support.memory_ledger import MemoryLedger

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.adapters.dynamodb.stream_records import envelope_of
from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Decision, Outcome
from sms_consent.domain.events import Event
from sms_consent.domain.time import as_text

Key = tuple[str, str]


@dataclass(slots=True)
class _Played:
    """A ledger at the end of a history, and its writes as records of a stream, in order."""

    ledger: MemoryLedger
    records: list[dict[str, Any]]


def _play(history: History) -> _Played:
    records: list[dict[str, Any]] = []
    save, append = MemoryLedger.save, MemoryLedger.append

    def saved(ledger: MemoryLedger, consent: Consent, replacing: Consent | None) -> Consent:
        before = ledger.consents.get((consent.number, consent.list_name))
        written = save(ledger, consent, replacing)
        records.append(_record(encode(consent), encode(before) if before is not None else None))
        return written

    def appended(ledger: MemoryLedger, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        new = append(ledger, decision, outcome, recorded_at)
        if new:
            records.append(_record(encode(decision, {"outcome": outcome, "recorded_at": recorded_at}), None))
        return new

    with patch.object(MemoryLedger, "save", saved), patch.object(MemoryLedger, "append", appended):
        world = World(history)
        world.run()
    return _Played(world.ledger, records)


def _record(after: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    change = {"Keys": {"pk": after["pk"], "sk": after["sk"]}, "NewImage": after}
    if before is not None:
        change["OldImage"] = before
    record: dict[str, Any] = json.loads(json.dumps({"dynamodb": change}))
    return record


def _events(records: Sequence[dict[str, Any]]) -> list[Event]:
    notices = [envelope_of(record) for record in records]
    return [notice.event for notice in notices if notice is not None]


def _kept(events: Sequence[Event]) -> dict[Key, dict[str, Any]]:
    """The sample consumer, in memory."""
    kept: dict[Key, dict[str, Any]] = {}
    for detail in (event.detail for event in events if "version" in event.detail):
        key = str(detail["number"]), str(detail["list"])
        if key not in kept or kept[key]["version"] < detail["version"]:
            kept[key] = dict(detail)
    return kept


def _as_told(consents: dict[Key, Consent]) -> dict[Key, tuple[Any, ...]]:
    return {
        key: (consent.status, consent.end_user_opted_out, as_text(consent.held_until) if consent.held_until else None)
        for key, consent in consents.items()
    }


def _as_kept(kept: dict[Key, dict[str, Any]]) -> dict[Key, tuple[Any, ...]]:
    return {key: (each["status"], each["EndUserOptedOut"], each.get("held_until")) for key, each in kept.items()}


@pytest.mark.slow
@settings(max_examples=150)
@given(histories(most_steps=25), st.randoms(use_true_random=False))
def test_the_newest_version_of_each_consent_is_what_the_ledger_says(history: History, random: Random) -> None:
    """Statuses, EndUserOptedOut and dates of release, with copies in between and in any order at all."""
    played = _play(history)
    events = _events(played.records)
    delivered = [*events, *random.choices(events, k=len(events))] if events else []
    random.shuffle(delivered)
    assert _as_kept(_kept(delivered)) == _as_told(played.ledger.consents)


@pytest.mark.slow
@settings(max_examples=100)
@given(histories(most_steps=25))
def test_in_the_order_of_the_stream_versions_only_rise_and_each_event_is_of_a_schema(history: History) -> None:
    """So a number's events are in order when the stream is; ids are never used twice; nothing is told of marks."""
    played = _play(history)
    events = _events(played.records)
    newest: dict[Key, str] = {}
    for event in events:
        assert fits(
            {
                "id": "",
                "source": "sms-consent",
                "detail-type": event.type.value,
                "time": "2026-11-03T14:00:00Z",
                "detail": dict(event.detail),
            }
        )
        if "version" in event.detail:
            key, version = (str(event.detail["number"]), str(event.detail["list"])), str(event.detail["version"])
            assert newest.get(key, "") < version
            newest[key] = version
    assert len({event.id for event in events}) == len(events)
    unclear = [each for each in played.ledger.decisions() if each.decision.asked is Asked.UNCLEAR]
    assert sum(event.type.value == "WithdrawalUnclear" for event in events) == len(unclear)
    assert len(events) - len(unclear) <= sum(map(_is_change, played.records))


def _is_change(record: dict[str, Any]) -> bool:
    """By the items alone: one of the three attributes that are told is another."""
    change = record["dynamodb"]
    before, after = change.get("OldImage", {}), change["NewImage"]
    told = ("status", items.END_USER, "held_until")
    return "status" in after and any(before.get(name) != after.get(name) for name in told)
