"""An item that cannot be processed is reported and skipped, and delays no other STOP."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from support.inbound_function import Inbound
from support.reconcile_function import emitted
from support.refusals import Asked, refusal, refuses
from support.sweep_function import sweep
from support.world import LIST

from sms_consent.adapters import clients
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.consent import Status
from sms_consent.domain.errors import ConsentError, Rejected, TryAgain

BROKEN, NEIGHBOUR = "+14255550111", "+14255550122"
OUTAGE = refusal("InternalServerError", 500)


def _due(inbound: Inbound, *numbers: str) -> None:
    """STOPs that AWS was too busy to take, the first one the longest due."""
    for number in numbers:
        inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
        inbound.hear("STOP", originationNumber=number, inboundMessageId=f"stop-{number[-4:]}")
        inbound.world.pass_time(seconds=3)


def _edit(number: str, spoil: Callable[[dict[str, Any]], object]) -> None:
    item = clients.dynamodb().get_item(TableName="ledger", Key={"pk": {"S": number}, "sk": {"S": f"LIST#{LIST}"}})[
        "Item"
    ]
    spoil(item)
    clients.dynamodb().put_item(TableName="ledger", Item=item)


def _is_listed(inbound: Inbound, number: str) -> bool:
    return number in inbound.world.backend.opt_out_list(LIST)


SPOILT: dict[str, dict[str, Any]] = {
    "due_at that is no time": {"due_at": {"S": "2026-02-31T00:00:00.000Z"}},
    "attempts below zero": {"attempts": {"N": "-3"}},
    "attempts with a fraction": {"attempts": {"N": "1.5"}},
    "attempts as a list": {"attempts": {"L": []}},
    "version as text": {"version": {"S": "two"}},
    "revision of a huge number": {"revision": {"N": "123456789012345678901234567890"}},
    "status of bytes": {"status": {"B": b"OPTED_OUT"}},
    "status of a later version": {"status": {"S": "OPTED_OUT_OF_MARKETING"}},
    "decided_at as a number": {"decided_at": {"N": "17"}},
    "answer as text": {"answer": {"S": "sent"}},
    "answer without its parts": {"answer": {"M": {}}},
    "outbox as a set": {"outbox": {"SS": ["a", "b"]}},
    "lease without an end": {"lease": {"S": "somebody"}},
    "lease_until that is no time": {"lease": {"S": "somebody"}, "lease_until": {"S": "soon"}},
    "unlisted_since of null": {"unlisted_since": {"NULL": True}},
    "rejections as text": {"rejections": {"S": "many"}, "rejection": {"N": "4"}},
    "an attribute from the future": {"channel_consents": {"M": {"rcs": {"S": "OUT"}}}},
}


@pytest.mark.slow
@pytest.mark.parametrize("attributes", SPOILT.values(), ids=SPOILT)
def test_an_item_with_a_broken_attribute_delays_no_other(inbound: Inbound, attributes: dict[str, Any]) -> None:
    """Nor is its own number lost: it is put, at the latest after its next STOP."""
    _due(inbound, BROKEN, NEIGHBOUR)
    _edit(BROKEN, lambda item: item.update(attributes))
    inbound.world.pass_time(minutes=1)
    sweep(inbound.world)
    assert _is_listed(inbound, NEIGHBOUR)
    inbound.world.pass_time(minutes=1)
    assert inbound.hear("STOP", originationNumber=BROKEN, inboundMessageId="again") == []
    inbound.world.pass_time(minutes=2)
    sweep(inbound.world)
    assert _is_listed(inbound, BROKEN)


def test_an_item_that_is_no_consent_delays_no_other(inbound: Inbound) -> None:
    """Somebody put an item of another form into the index of due work."""
    _due(inbound, NEIGHBOUR)
    for kind, sort_key in (("OPT_OUT", "NOTES"), ("REPLY", "ANSWER#HELP"), ("REJECTED", "REJECTED#x"), ("OPT_IN", "A")):
        item = {"pk": BROKEN, "sk": sort_key, "due": kind, "due_at": "2026-11-03T00:00:00.000Z"}
        clients.dynamodb().put_item(TableName="ledger", Item={name: {"S": value} for name, value in item.items()})
    inbound.world.pass_time(minutes=1)
    sweep(inbound.world)
    assert _is_listed(inbound, NEIGHBOUR)


def _for(number: str, given: Any) -> Callable[[Asked], Any]:
    return lambda asked: given if number in json.dumps(asked) else None


FAILURES: dict[str, tuple[str, Any]] = {
    "a defect of ours at its put": ("PutOptedOutNumber", ZeroDivisionError(BROKEN)),
    "a defect of ours at its claim": ("PutItem", KeyError(BROKEN)),
    "its item is too large": ("PutItem", refusal("ValidationException")),
    "its partition fails": ("PutItem", OUTAGE),
    "its item times out": ("PutItem", ReadTimeoutError(endpoint_url="https://example.invalid")),
    "its item is denied": ("PutItem", refusal("AccessDeniedException")),
}


@pytest.mark.parametrize(("operation", "failure"), FAILURES.values(), ids=FAILURES)
def test_an_item_that_fails_is_skipped_logged_and_counted(
    inbound: Inbound,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    failure: Any,
) -> None:
    """The log names the kind of error, and neither the number nor the error's message."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("sweep").registered_handler, "stream", logged)
    _due(inbound, BROKEN, NEIGHBOUR)
    inbound.world.pass_time(minutes=1)
    capsys.readouterr()
    with refuses(operation, _for(BROKEN, failure)):
        sweep(inbound.world)
    assert _is_listed(inbound, NEIGHBOUR)
    assert emitted(capsys.readouterr().out)["ItemsFailed"] == 1
    assert "an item was skipped" in logged.getvalue()
    assert BROKEN[1:] not in logged.getvalue()
    inbound.world.pass_time(minutes=6)
    sweep(inbound.world)
    assert _is_listed(inbound, BROKEN)


def test_an_item_that_failed_before_it_was_claimed_is_postponed(inbound: Inbound) -> None:
    """So that it is not the first in every sweep; at most five minutes."""
    _due(inbound, BROKEN)
    inbound.world.pass_time(minutes=1)
    failures = iter([KeyError()])
    with refuses("PutItem", lambda asked: next(failures, None) if BROKEN in str(asked) else None):
        sweep(inbound.world)
    consent = inbound.consent(BROKEN)
    assert consent is not None
    assert consent.due_at is not None
    assert timedelta() < consent.due_at - inbound.world.parts.clock.now() <= timedelta(minutes=5)
    assert not _is_listed(inbound, BROKEN)


def test_a_reply_that_fails_holds_up_no_other(inbound: Inbound) -> None:
    """HELP of two people, left due."""
    for number in (BROKEN, NEIGHBOUR):
        inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
        inbound.hear("HELP", originationNumber=number, inboundMessageId=f"help-{number}")
        inbound.world.pass_time(seconds=3)
    inbound.world.pass_time(minutes=1)
    with refuses("SendTextMessage", _for(BROKEN, TypeError("not this one"))):
        sweep(inbound.world)
    assert [text.to for text in inbound.world.backend.sent_texts()] == [NEIGHBOUR]


@pytest.mark.slow
def test_many_failing_items_do_not_starve_others(inbound: Inbound) -> None:
    """More than a page of them, each tried once."""
    broken = [f"+1425556{at:04d}" for at in range(120)]
    ledger, now = inbound.world.parts.ledger, inbound.world.parts.clock.now()
    _due(inbound, NEIGHBOUR)
    standing = inbound.consent(NEIGHBOUR)
    assert standing is not None
    for number in broken:
        ledger.save(replace(standing, number=number, due_at=now, outbox=None, answer=None), replacing=None)
    inbound.world.pass_time(minutes=1)
    with refuses(
        "PutOptedOutNumber", lambda asked: LookupError() if asked["OptedOutNumber"] in broken else None
    ) as tried:
        sweep(inbound.world)
    assert _is_listed(inbound, NEIGHBOUR)
    assert len(tried) == len(broken)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "raised"), [(OUTAGE, TryAgain), (refusal("AccessDeniedException"), Rejected)], ids=["down", "denied"]
)
def test_a_ledger_that_fails_for_everything_ends_the_sweep(
    inbound: Inbound, failure: Any, raised: type[ConsentError]
) -> None:
    """After the first item: nothing could be recorded. The next sweep does what is left."""
    _due(inbound, *(f"+142555501{at:02d}" for at in range(20)))
    inbound.world.pass_time(minutes=1)
    taken = iter([True])  # the turn is taken before the outage begins
    with refuses("PutItem", lambda asked: None if next(taken, None) else failure) as refused, pytest.raises(raised):  # noqa: ARG005
        sweep(inbound.world)
    assert len(refused) < 10
    inbound.world.pass_time(minutes=2)
    sweep(inbound.world)
    assert _is_listed(inbound, "+14255550119")


def test_a_history_that_cannot_be_written_holds_up_no_put(inbound: Inbound) -> None:
    """The decision stays with the consent; the number goes on the list."""
    _due(inbound, BROKEN)
    inbound.world.pass_time(minutes=1)
    decision = lambda asked: "DECISION#" in asked["Item"]["sk"]["S"]  # noqa: E731
    with refuses("PutItem", lambda asked: refusal("ValidationException") if decision(asked) else None):
        sweep(inbound.world)
    assert _is_listed(inbound, BROKEN)
    consent = inbound.consent(BROKEN)
    assert consent is not None
    assert (consent.status, consent.settled) == (Status.OPTED_OUT, True)
