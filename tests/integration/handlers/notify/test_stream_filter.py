"""Lambda's filter drops only those stream records for which no event is ever published."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.notify_function import Notify
from support.template import resources
from support.world import LIST

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.adapters.dynamodb.stream_records import envelope_of
from sms_consent.domain.consent import Drift, DriftKind
from sms_consent.domain.decision import Asked
from sms_consent.domain.errors import Unreadable
from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.event_filter import EventFilter

CRITERIA = resources("AWS::Serverless::Function")["NotifyFunction"]["Properties"]["Events"]["Changes"]["Properties"][
    "FilterCriteria"
]
FILTER = EventFilter(CRITERIA)
KINDS = ["ANSWER#help", "BUDGET", "CONNECTED", "DECISION#a#b", "DRIFT#a#Club", "LIST#Club", "LISTS", "OVERDUE", "REJECTED#Club",
         "REQUEST", "RETENTION", "SENDER", "TURN", "0001"]  # fmt: skip
"""Sort keys of each kind of item in docs/ledger.md."""


def _is_reported(record: dict[str, Any]) -> bool:
    """Whether the function publishes an event of this record, or puts it aside because it cannot read it."""
    try:
        return envelope_of(record) is not None
    except Unreadable:
        return True


def _history(notify: Notify) -> list[dict[str, Any]]:
    """Every record of a few people's texts, of work that was put off, and of a drift."""
    inbound = notify.inbound
    for place, body in enumerate(("STOP", "START", "HELP", "wrong number", "see you at five", "STOP", "STOP", "start")):
        inbound.hear(body, inboundMessageId=f"m-{place}")
        inbound.world.pass_time(seconds=2)
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("STOP", originationNumber="+14255550183", inboundMessageId="m-later")
    now = inbound.world.parts.clock.now()
    drift = Drift(number="+14255550184", list_name=LIST, kind=DriftKind.NOT_LISTED, found_at=now)
    dynamodb = clients.dynamodb()
    dynamodb.put_item(TableName="ledger", Item=encode(drift))
    dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": "+14255550183"}, "sk": {"S": f"LIST#{LIST}"}})
    return notify.records()


@pytest.mark.slow
def test_what_is_published_passes_and_most_of_the_rest_does_not(notify: Notify) -> None:
    """On the real stream of real texts; the events are the same with and without the filter."""
    records = _history(notify)
    passed = [record for record in records if FILTER.passes(record)]
    assert [record for record in records if _is_reported(record) and record not in passed] == []
    notify.run(passed)
    told = {event["detail"]["id"] for event in notify.told()}
    notify.run(records)
    assert {event["detail"]["id"] for event in notify.told()} == told
    assert len(told) >= 5
    kinds = {record["dynamodb"]["Keys"]["sk"]["S"].partition("#")[0] for record in passed}
    assert kinds == {"LIST", "DECISION", "DRIFT"}
    assert len(passed) < len(records)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event", ["INSERT", "MODIFY", "REMOVE"])
def test_the_filter_knows_each_kind_of_item(kind: str, event: str) -> None:
    """Deletions, and items that are not about a consent, start no function."""
    images = {"INSERT": ["NewImage"], "MODIFY": ["OldImage", "NewImage"], "REMOVE": ["OldImage"]}[event]
    for asked in [*(each.value for each in Asked), "SOMETHING_NEW", None]:
        item = {"pk": {"S": "+14255550182"}, "sk": {"S": kind}} | ({"asked": {"S": asked}} if asked else {})
        change = {"Keys": {"pk": item["pk"], "sk": item["sk"]}, **dict.fromkeys(images, item)}
        record = {"eventName": event, "dynamodb": change}
        assert FILTER.passes(record) or not _is_reported(record), asked
    published = {"LIST": {"INSERT", "MODIFY"}, "DRIFT": {"INSERT"}}.get(kind.partition("#")[0], set())
    assert FILTER.passes({"eventName": event, "dynamodb": {"Keys": {"sk": {"S": kind}}}}) is (event in published)


def test_only_an_unclear_decision_passes() -> None:
    """Others are published by the change of the consent."""
    record = {"eventName": "INSERT", "dynamodb": {"Keys": {"sk": {"S": "DECISION#a#b"}}}}
    for asked in Asked:
        record["dynamodb"]["NewImage"] = {"asked": {"S": asked.value}}  # type: ignore[index]
        assert FILTER.passes(record) is (asked is Asked.UNCLEAR)


@pytest.mark.parametrize("change", ["status", "decided_at", "EndUserOptedOut"])
def test_a_consent_that_cannot_be_read_still_reaches_the_function(change: str) -> None:
    """It is put aside and alarmed on, not dropped."""
    item = {"pk": {"S": "+14255550182"}, "sk": {"S": "LIST#Club"}, change: {"S": "?"}}
    record = {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item}}
    assert _is_reported(record)
    assert FILTER.passes(record)


@pytest.mark.parametrize(
    ("pattern", "value", "passes"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "y"}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": "z"}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": [1]}, {"a": 1}, True),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [{"prefix": "LIST#"}]}, {"a": "LISTS"}, False),
        ({"a": [{"suffix": ".csv"}]}, {"a": "x.csv"}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": True}]}, {}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": "x"}]}, {}, False),
    ],
)
def test_patterns_match_as_lambda_documents(pattern: Any, value: Any, passes: bool) -> None:
    """Every key has to match; of a list of values, one."""
    assert EventFilter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(value) is passes


def test_without_patterns_everything_passes() -> None:
    """As it does without criteria."""
    assert EventFilter(None).passes({})
    assert EventFilter({"Filters": []}).passes({})


@pytest.mark.parametrize("pattern", [{"a": [{"numeric": ["=", 1]}]}, {"$or": [{"a": ["x"]}]}, {"a": "x"}])
def test_a_rule_that_the_local_stack_does_not_know_is_an_error(pattern: Any) -> None:
    """It would pass other records than on AWS."""
    with pytest.raises(LocalError):
        EventFilter({"Filters": [{"Pattern": json.dumps(pattern)}]})
