"""Records that cannot be published are dead-lettered with a reason, and delay no others."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from support.notify_function import Notify
from support.world import PERSON

from sms_consent.adapters import clients
from sms_consent.bootstrap.observability import logger
from sms_consent.publishing.event_publisher import GIVEN_UP_AFTER

OTHER = "+14255550183"


def _records(notify: Notify) -> list[dict[str, Any]]:
    """Of two people: one change each."""
    notify.inbound.world.opt_out(number=PERSON)
    notify.inbound.world.opt_out(number=OTHER)
    return [record for record in notify.records() if record["eventName"] == "INSERT" and _is_consent(record)]


def _is_consent(record: dict[str, Any]) -> bool:
    return bool(record["dynamodb"]["Keys"]["sk"]["S"].startswith("LIST#"))


def _broken(record: dict[str, Any], change: str) -> dict[str, Any]:
    broken = copy.deepcopy(record)
    match change:
        case "another status":
            broken["dynamodb"]["NewImage"]["status"] = {"S": "PERHAPS"}
        case "no time":
            del broken["dynamodb"]["NewImage"]["decided_at"]
        case "a time that is none":
            broken["dynamodb"]["NewImage"]["decided_at"] = {"S": "yesterday"}
        case "a number for a status":
            broken["dynamodb"]["NewImage"]["status"] = {"N": "1"}
        case "no attribute value":
            broken["dynamodb"]["NewImage"]["status"] = "OPTED_OUT"
        case "no keys":
            del broken["dynamodb"]["Keys"]
        case "a far future":
            broken["dynamodb"]["ApproximateCreationDateTime"] = 1e30
    return broken


BREAKS = [
    "another status",
    "no time",
    "a time that is none",
    "a number for a status",
    "no attribute value",
    "no keys",
    "a far future",
]


@pytest.mark.parametrize("change", BREAKS)
def test_an_unreadable_record_is_dead_lettered_unchanged(notify: Notify, change: str) -> None:
    """With its reason, so that somebody can mend the cause and hand it in again."""
    first, second = _records(notify)
    broken = _broken(first, change)
    assert notify.run([broken, second]) == []
    assert [event["detail"]["number"] for event in notify.told()] == [OTHER]
    ((reason, body),) = notify.put_aside()
    assert json.loads(body) == broken
    assert reason.startswith("a record that this version cannot read: ")


def test_dead_lettered_records_can_be_processed_again(notify: Notify) -> None:
    """Its body is a record of the stream: the function takes it as it takes any."""
    first, _ = _records(notify)
    notify.refuses = lambda _: "InvalidArgument"
    notify.run([first])
    ((_, body),) = notify.put_aside()
    notify.refuses = lambda _: None
    assert notify.run([json.loads(body)]) == []
    assert [event["detail"]["number"] for event in notify.told()] == [PERSON]


@pytest.mark.parametrize("code", ["InvalidArgument", "MalformedDetail"])
def test_an_event_that_the_bus_never_accepts_is_dead_lettered(notify: Notify, code: str) -> None:
    """Trying it again would hold up everybody else's."""
    first, second = _records(notify)
    notify.refuses = lambda entry: code if json.loads(entry["Detail"])["number"] == PERSON else None
    assert notify.run([first, second]) == []
    assert [event["detail"]["number"] for event in notify.told()] == [OTHER]
    assert notify.put_aside() == [(f"the event bus never takes it: {code}", json.dumps(first))]


def test_an_event_too_large_for_the_bus_is_dead_lettered(notify: Notify) -> None:
    """Before it takes a request of others down with it; the record itself is too large for the queue, but not its keys."""
    first, second = _records(notify)
    first["dynamodb"]["NewImage"]["decided_by"] = {"S": "x" * 300_000}
    assert notify.run([first, second]) == []
    assert [event["detail"]["number"] for event in notify.told()] == [OTHER]
    ((reason, body),) = notify.put_aside()
    assert reason == "an event larger than the event bus takes; too large to be kept with its images"
    assert json.loads(body)["dynamodb"]["Keys"] == first["dynamodb"]["Keys"]


def test_events_that_are_large_together_go_in_several_requests(notify: Notify) -> None:
    """A request of PutEvents holds less than 256 KB, and entries are counted together."""
    first, second = _records(notify)
    for record in (first, second):
        record["dynamodb"]["NewImage"]["decided_by"] = {"S": "ü" * 80_000}
    assert notify.run([first, second]) == []
    assert [len(request) for request in notify.requests] == [1, 1]


def test_a_request_that_is_invalid_as_a_whole_is_taken_apart(notify: Notify) -> None:
    """One event of several is to blame: that one is put aside."""
    first, second = _records(notify)
    notify.invalidates = lambda entry: json.loads(entry["Detail"])["number"] == PERSON
    assert notify.run([first, second]) == []
    assert [event["detail"]["number"] for event in notify.told()] == [OTHER]
    assert [reason for reason, _ in notify.put_aside()] == ["the event bus never takes it: ValidationException"]


def test_events_refused_for_hours_are_dead_lettered_before_the_stream_expires(notify: Notify) -> None:
    """The stream keeps a record for 24 hours; the queue for 14 days, and with all that it held."""
    first, second = _records(notify)
    notify.refuses = lambda _: "AccessDeniedException"
    assert len(notify.run([first, second])) == 1
    notify.inbound.world.time.shift(GIVEN_UP_AFTER)
    notify.inbound.world.pass_time(seconds=2)
    assert notify.run([first, second]) == []
    assert notify.put_aside() == [
        ("the event bus did not take it for 6:00:00: AccessDeniedException", json.dumps(each))
        for each in (first, second)
    ]


def test_nothing_is_passed_over_that_the_queue_does_not_take(notify: Notify) -> None:
    """Told or kept: else the stream waits."""
    first, second = _records(notify)
    clients.queues().delete_queue(QueueUrl=notify.dead_letter_queue)
    assert notify.run([second, _broken(first, "no time")]) == [first["dynamodb"]["SequenceNumber"]]
    assert [event["detail"]["number"] for event in notify.told()] == [OTHER]


def test_a_record_after_a_failure_is_not_dead_lettered_yet(notify: Notify) -> None:
    """It comes again with all that follows the failure, and would be put aside twice."""
    first, second = _records(notify)
    notify.refuses = lambda _: "ThrottlingException"
    assert notify.run([first, _broken(second, "no time")]) == [first["dynamodb"]["SequenceNumber"]]
    assert notify.put_aside() == []


def test_a_record_without_a_sequence_number_fails_the_whole_batch_if_it_must(notify: Notify) -> None:
    """Lambda takes an empty identifier for that (developer guide, partial batch responses for streams)."""
    clients.queues().delete_queue(QueueUrl=notify.dead_letter_queue)
    assert notify.run([{}]) == [""]


def test_reasons_and_logs_have_no_number(notify: Notify, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of the message in the encrypted queue does; what people see beside it does not."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("notify").registered_handler, "stream", logged)
    first, second = _records(notify)
    first["dynamodb"]["NewImage"]["decided_at"] = {"S": PERSON}
    notify.run([first, second])
    notify.refuses = lambda _: "MalformedDetail"
    notify.run([second])
    assert len(reasons := [reason for reason, _ in notify.put_aside()]) == 2
    printed = logged.getvalue()
    assert printed.count("dead-lettered") == 2
    for number in (PERSON[1:], OTHER[1:]):
        assert number not in printed
        assert number not in str(reasons)
