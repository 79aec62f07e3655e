"""The dashboard and the alarms use metrics that functions emit: computed from template.yaml and the real handlers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from support.api_function import PRIMARY, api_for_now
from support.inbound_function import Inbound
from support.metrics import EMITTED, dashboard, in_alarms, on_dashboard
from support.notify_function import notify_beside
from support.reconcile_function import reconcile_beside
from support.refusals import refusal, refuses
from support.retention_function import retention_function
from support.sweep_function import sweep
from support.template import resources
from support.world import LIST, OURS

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.known_lists import ListStore
from sms_consent.bootstrap import observability
from sms_consent.domain.decision import Asked, Author
from sms_consent.intent.rcs_content import RcsKind
from sms_consent.recording.recorder import Recorder

PEOPLE = (f"+142555502{last:02}" for last in count())
IDS = (f"m-{at}" for at in count())


def _hear(inbound: Inbound, body: str, person: str) -> None:
    inbound.hear(body, originationNumber=person, inboundMessageId=next(IDS))
    inbound.world.pass_time(seconds=2)


def _fail(inbound: Inbound, operation: str, error: str = "ThrottlingException") -> None:
    inbound.world.backend.fail_next(operation, error, 1)


def _held(inbound: Inbound) -> str:
    """Somebody whose 30 days began a moment ago, without the ledger knowing, and who is on the list."""
    person, sms = next(PEOPLE), inbound.world.aws
    sms.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=person)
    sms.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=person)
    return person


def _count_replies(inbound: Inbound, reserved: dict[str, str]) -> None:
    """Write the day's counter; no text can be added to it."""
    day = f"BUDGET#{inbound.world.parts.clock.now().date()}"
    item: dict[str, Any] = {"pk": {"S": day}, "sk": {"S": "BUDGET"}, "reserved": reserved}
    clients.dynamodb().put_item(TableName=inbound.world.table, Item=item)


FAULTY, SPENT = {"S": "many"}, {"N": "20000"}


def _opt_in_left_due(inbound: Inbound, person: str, *, confirmed: bool) -> None:
    """Its deletion was throttled; ``confirmed``: the person has had the most confirmations for a day."""
    if confirmed:
        inbound.world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", 2)
        for body in ("START", "STOP", "START", "STOP"):
            _hear(inbound, body, person)
    _fail(inbound, "DeleteOptedOutNumber")
    _hear(inbound, "START", person)
    inbound.world.pass_time(seconds=10)


def _inbound(inbound: Inbound) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIER_ACTIONS", "SENTENCES=ASK")
        _hear(inbound, "see you at five", next(PEOPLE))
    person = next(PEOPLE)
    for body in ("STOP", "START", "HELP", "see you at five", "wrong number", "STOP", "START"):
        _hear(inbound, body, person)
    for body in ("Stop. Thanks", "stpo", "please take me off your list"):
        _hear(inbound, body, next(PEOPLE))
    for error in ("AccessDeniedException", "InternalServerException"):
        _fail(inbound, "SendTextMessage", error)
        _hear(inbound, "STOP", next(PEOPLE))
    for content in ({"type": kind} for kind in RcsKind):
        inbound.hear(
            json.dumps(content), originationNumber=next(PEOPLE), destinationNumber="rcs-1", inboundMessageId=next(IDS)
        )
    for content in ('{"mediaStatus": "SUCCESS"}', "{"):
        inbound.hear(content, originationNumber=next(PEOPLE), destinationNumber="rcs-1", inboundMessageId=next(IDS))
    inbound.run(inbound.queued({"eventType": "TEXT_DELIVERED"}))
    overruled = next(PEOPLE)
    opt_in = inbound.world.decision(Asked.OPT_IN, number=overruled, author=Author.AGENT)
    Recorder(ledger=inbound.world.parts.ledger, clock=inbound.world.parts.clock).record(opt_in, LIST)
    sent = {"Timestamp": "2026-11-03T09:00:00.000Z"}
    payload = {
        "originationNumber": overruled,
        "destinationNumber": OURS,
        "messageBody": "STOP",
        "inboundMessageId": "old",
    }
    inbound.run(inbound.queued(json.dumps(inbound.notification(payload) | sent)))
    listed = next(PEOPLE)
    inbound.world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=listed)
    _hear(inbound, "STOP", listed)
    _fail(inbound, "PutOptedOutNumber")
    _hear(inbound, "STOP", next(PEOPLE))
    refused = _held(inbound)
    _hear(inbound, "STOP", refused)
    _hear(inbound, "START", refused)
    inbound.run(inbound.queued("5"))
    for _ in range(4):
        _hear(inbound, "HELP", person)
    for reserved in (FAULTY, SPENT):
        _count_replies(inbound, reserved)
        for _ in range(16):  # more than are reserved already
            _hear(inbound, "HELP", next(PEOPLE))
        inbound.world.pass_time(minutes=1)
    ledger = container().inbound_batch._inbound._recorder._ledger._ledger  # type: ignore[attr-defined]  # the ledger on DynamoDB, not its decorator
    table, ledger._table = ledger._table, "no-such-table"
    _hear(inbound, "STOP", next(PEOPLE))
    ledger._table = table


def _sweep(inbound: Inbound) -> None:
    _fail(inbound, "PutOptedOutNumber")
    _hear(inbound, "STOP", next(PEOPLE))
    for error in (None, "AccessDeniedException", "InternalServerException"):
        _fail(inbound, "SendTextMessage")
        _hear(inbound, "STOP", next(PEOPLE))
        if error is not None:
            _fail(inbound, "SendTextMessage", error)
        sweep(inbound.world)
    for reserved in (FAULTY, SPENT):
        _fail(inbound, "SendTextMessage")
        _hear(inbound, "HELP", next(PEOPLE))
        _count_replies(inbound, reserved)
        sweep(inbound.world)
    _opt_in_left_due(inbound, next(PEOPLE), confirmed=True)
    _fail(inbound, "SendTextMessage")
    _hear(inbound, "STOP", next(PEOPLE))
    inbound.world.pass_time(minutes=2)
    sweep(inbound.world)
    for person in (next(PEOPLE), _held(inbound)):
        _hear(inbound, "STOP", person)
        _fail(inbound, "DeleteOptedOutNumber")
        _hear(inbound, "START", person)
    parts = inbound.world.parts
    decision = inbound.world.decision(Asked.OPT_OUT, number=next(PEOPLE), author=Author.IMPORT)
    Recorder(ledger=parts.ledger, clock=parts.clock).record(decision, LIST)
    inbound.world.pass_time(minutes=2)
    _fail(inbound, "PutOptedOutNumber")
    sweep(inbound.world)
    _sweep_rejected(inbound)


def _sweep_rejected(inbound: Inbound) -> None:
    """A number that AWS rejects for two hours and then for a day, and one that nothing can be done with."""
    person = next(PEOPLE)
    invalid = refusal("ValidationException", Reason="DESTINATION_COUNTRY_BLOCKED")
    with refuses("PutOptedOutNumber", lambda asked: invalid if asked["OptedOutNumber"] == person else None):
        _hear(inbound, "STOP", person)
        for minutes in (*[40] * 6, 24 * 60):
            inbound.world.pass_time(minutes=minutes)
            sweep(inbound.world)
    _fail(inbound, "PutOptedOutNumber")
    _hear(inbound, "STOP", next(PEOPLE))
    inbound.world.pass_time(minutes=2)
    with refuses("PutOptedOutNumber", lambda _: ZeroDivisionError()):
        sweep(inbound.world)


def _api(inbound: Inbound) -> None:
    for error in (None, "AccessDeniedException", "InternalServerException", "late"):
        # The reply that a text left due goes out with the next that is done for its number, here a repeated request.
        person, request = next(PEOPLE), next(IDS)
        _fail(inbound, "SendTextMessage")
        _hear(inbound, "STOP", person)
        inbound.world.pass_time(seconds=120 if error == "late" else 10)
        if error not in {None, "late"}:
            _fail(inbound, "SendTextMessage", str(error))
        with api_for_now(inbound.world) as api:
            api.items("add", person, request_id=request)
            api.items("add", person, request_id=request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIER_ACTIONS", "SENTENCES=ASK")
        with api_for_now(inbound.world) as api:
            api.items("add", next(PEOPLE))
    for counter, confirmed in ((FAULTY, False), (SPENT, False), (SPENT, True)):
        person, request = next(PEOPLE), next(IDS)
        _opt_in_left_due(inbound, person, confirmed=confirmed)
        _count_replies(inbound, counter)
        with api_for_now(inbound.world) as api:
            api.items("remove", person, request_id=request)
            api.items("remove", person, request_id=request)
    with api_for_now(inbound.world) as api:
        person = next(PEOPLE)
        for operation in ("add", "remove", "add", "remove"):
            inbound.world.pass_time(seconds=2)
            api.items(operation, person)
        refused = _held(inbound)
        for operation in ("add", "remove"):
            inbound.world.pass_time(seconds=2)
            api.items(operation, refused)
        _fail(inbound, "PutOptedOutNumber")
        api.items("add", next(PEOPLE))
        api.send("GET", "/openapi.json")
        api.set_keys(primary="no base64!")
        inbound.world.pass_time(minutes=1)
        api.opt_outs("check", next(PEOPLE))
        api.set_keys(primary=PRIMARY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sms_consent.recording.channel_requests.ChannelRequests.check", _broken)
            api.call("GET", "/numbers/%2B14255550182")


def _broken(*_: Any) -> Any:
    raise ArithmeticError


def _notify(inbound: Inbound) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, notify_beside(inbound, monkeypatch) as notify:
        _hear(inbound, "STOP", next(PEOPLE))
        notify.run()
        notify.run([{}])
        _hear(inbound, "STOP", next(PEOPLE))
        notify.refuses = lambda _: "ThrottlingException"
        notify.run(milliseconds=25_000)


def _reconcile(inbound: Inbound) -> None:
    """One of each kind of difference, made by hand, and a stack that had another list before."""
    sms = inbound.world.aws
    with pytest.MonkeyPatch.context() as monkeypatch, reconcile_beside(inbound.world, monkeypatch) as reconcile:
        gone, still = next(PEOPLE), next(PEOPLE)
        _hear(inbound, "STOP", gone)
        sms.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=still)
        inbound.world.backend.fail_next("DeleteOptedOutNumber", "ResourceNotFoundException", 1)
        _hear(inbound, "START", still)
        sms.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=gone)
        sms.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=next(PEOPLE))
        broken = next(PEOPLE)
        _hear(inbound, "STOP", broken)
        sms.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=broken)
        inbound.world.pass_time(hours=1)
        book = ListStore(clients.dynamodb(), inbound.world.table)
        book.change_lists(lambda lists: replace(lists, own="Former"))
        with refuses("DescribeOptedOutNumbers", lambda asked: KeyError() if broken in str(asked) else None):
            reconcile.run()


def _retention(inbound: Inbound) -> None:
    for person in (next(PEOPLE), next(PEOPLE)):
        _hear(inbound, "STOP", person)
    inbound.world.pass_time(days=40)
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        retention_function(monkeypatch) as run,
        refuses("UpdateItem", lambda asked: KeyError() if person in str(asked) else None),
    ):
        run()


SCENARIOS: dict[str, Callable[[Inbound], None]] = {
    "api": _api,
    "inbound": _inbound,
    "notify": _notify,
    "reconcile": _reconcile,
    "retention": _retention,
    "sweep": _sweep,
}


def _services() -> set[str]:
    """By the variable that gives each function's metrics their dimension."""
    return {
        function["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in resources("AWS::Serverless::Function").values()
    }


def test_every_function_has_a_scenario() -> None:
    """A new function is on the dashboard too."""
    assert set(SCENARIOS) == _services()


@pytest.mark.parametrize("service", sorted(SCENARIOS))
@pytest.mark.slow
def test_every_metric_that_is_drawn_or_watched_is_emitted(service: str, inbound: Inbound) -> None:
    """A widget without data, or an alarm on a name that nothing has, looks like peace."""
    EMITTED.clear()
    observability._count_cold_start.cache_clear()
    SCENARIOS[service](inbound)
    named = {metric for metric in on_dashboard() | in_alarms() if metric.service == service}
    assert named - EMITTED == set()


def test_what_is_watched_is_drawn() -> None:
    """Whoever is woken looks at the dashboard."""
    assert in_alarms() <= on_dashboard()


def test_no_widget_is_without_a_title_or_over_another() -> None:
    """It is read at night."""
    places = [(each["x"], each["y"], each["width"], each["height"]) for each in dashboard()["widgets"]]
    assert all(each["properties"]["title"] for each in dashboard()["widgets"])
    taken = [(x + dx, y + dy) for x, y, width, height in places for dx in range(width) for dy in range(height)]
    assert len(taken) == len(set(taken))


def test_metrics_of_functions_that_are_not_there_are_said_to_be() -> None:
    """What the dashboard draws of another service must come from somewhere, once its function is deployed."""
    assert {metric.service for metric in on_dashboard()} <= _services()
