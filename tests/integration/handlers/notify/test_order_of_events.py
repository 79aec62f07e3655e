"""Events are published at least once and in order for each number, and only failed ones are retried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.notify_function import Notify
from support.world import PERSON

from handlers.notify import MARGIN

OTHERS = [f"+1425555{line:04}" for line in range(101, 126)]


def _sequence(record: dict[str, Any]) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _change_often(notify: Notify, number: str, times: int) -> None:
    for turn in range(times):
        decide = notify.inbound.world.opt_in if turn % 2 else notify.inbound.world.opt_out
        decide(number=number)
        notify.inbound.world.pass_time(minutes=1)


def _details(requests: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    return [[json.loads(entry["Detail"]) for entry in request] for request in requests]


def _fails(*numbers: str, code: str = "ThrottlingException", times: int = 1_000) -> Any:
    left = times

    def refuses(entry: dict[str, Any]) -> str | None:
        nonlocal left
        if json.loads(entry["Detail"])["number"] not in numbers or left == 0:
            return None
        left -= 1
        return code

    return refuses


def test_a_number_has_one_event_in_a_request(notify: Notify) -> None:
    """EventBridge goes on with a request where an entry fails: the later of two would be ahead of the earlier."""
    _change_often(notify, PERSON, 3)
    assert notify.run() == []
    assert [[each["version"] for each in request] for request in _details(notify.requests)] == [
        [event["detail"]["version"]] for event in notify.told()
    ]
    assert len(notify.requests) == 3


@pytest.mark.slow
def test_events_of_different_numbers_go_together_ten_at_the_most(notify: Notify) -> None:
    """PutEvents takes no more."""
    for number in OTHERS:
        notify.inbound.world.opt_out(number=number)
    assert notify.run() == []
    assert [len(request) for request in notify.requests] == [10, 10, 5]
    assert [event["detail"]["number"] for event in notify.told()] == OTHERS


def test_what_failed_is_put_again_alone(notify: Notify) -> None:
    """What was taken is not sent twice for it."""
    for number in OTHERS[:5]:
        notify.inbound.world.opt_out(number=number)
    notify.refuses = _fails(OTHERS[1], OTHERS[3], times=2)
    assert notify.run() == []
    assert [[each["number"] for each in request] for request in _details(notify.requests)] == [
        OTHERS[:5],
        [OTHERS[1], OTHERS[3]],
    ]
    assert sorted(event["detail"]["number"] for event in notify.told()) == OTHERS[:5]


def test_the_stream_goes_on_from_the_first_record_that_failed(notify: Notify) -> None:
    """For a stream, a partial batch response names that one alone: all after it comes again."""
    for number in OTHERS[:5]:
        notify.inbound.world.opt_out(number=number)
    records = notify.records()
    notify.refuses = _fails(OTHERS[2], OTHERS[4])
    (failed,) = notify.run(records)
    (place,) = [at for at, record in enumerate(records) if _sequence(record) == failed]
    assert records[place]["dynamodb"]["Keys"]["pk"] == {"S": OTHERS[2]}
    assert "OldImage" not in records[place]["dynamodb"]
    notify.refuses = lambda _: None
    assert notify.run(records[place:]) == []
    assert {event["detail"]["number"] for event in notify.told()} == set(OTHERS[:5])


def test_after_a_failure_nothing_later_of_that_number_is_sent(notify: Notify) -> None:
    """Not in this batch; and when it comes again, the earlier is sent first."""
    _change_often(notify, PERSON, 4)
    records = notify.records()
    (first, second, third, fourth) = _ids(notify, records)
    notify.requests.clear()

    notify.refuses = lambda entry: "InternalFailure" if json.loads(entry["Detail"])["id"] == second else None
    (failed,) = notify.run(records)
    assert [event["detail"]["id"] for event in notify.told()] == [first]
    notify.refuses = lambda _: None
    notify.run([record for record in records if _sequence(record) >= failed])
    assert [event["detail"]["id"] for event in notify.told()] == [second, third, fourth]


def _ids(notify: Notify, records: list[dict[str, Any]]) -> list[str]:
    notify.run(records)
    return [event["detail"]["id"] for event in notify.told()]


def test_nothing_is_sent_of_a_number_whose_event_failed_even_beside_others(notify: Notify) -> None:
    """Other numbers of the same request are taken, and come again: at least once."""
    world = notify.inbound.world
    for number in (PERSON, OTHERS[0]):
        world.opt_out(number=number)
    world.pass_time(minutes=1)
    for number in (PERSON, OTHERS[0]):
        world.opt_in(number=number)
    notify.refuses = _fails(PERSON)
    assert len(notify.run()) == 1
    assert [(event["detail"]["number"], event["detail"]["status"]) for event in notify.told()] == [
        (OTHERS[0], "OPTED_OUT")
    ]


def test_a_bus_that_is_not_there_holds_the_stream(notify: Notify, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment can be mended; nothing is dropped meanwhile, nor put aside."""
    from sms_consent.bootstrap.ledger_only import event_batch

    event_batch.cache_clear()
    monkeypatch.setenv("EVENT_BUS_NAME", "missing")
    notify.inbound.world.opt_out()
    records = notify.records()
    assert notify.run(records) == [_sequence(records[0])]
    assert notify.put_aside() == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotAuthorizedForSourceException"])
def test_an_entry_that_is_denied_holds_the_stream_and_is_not_tried_again_at_once(notify: Notify, code: str) -> None:
    """A moment later, nobody has changed a policy."""
    notify.inbound.world.opt_out()
    notify.refuses = _fails(PERSON, code=code)
    records = notify.records()
    assert notify.run(records) == [_sequence(records[0])]
    assert len(notify.requests) == 1
    assert notify.put_aside() == []


def test_when_the_time_is_up_the_rest_is_left_to_the_stream(notify: Notify) -> None:
    """A function that is ended in the middle would send again what was taken."""
    _change_often(notify, PERSON, 2)
    records = notify.records()
    assert notify.run(records, milliseconds=5_000) == [_sequence(records[0])]
    assert notify.requests == []


def test_what_failed_is_not_put_again_once_the_time_is_up(notify: Notify) -> None:
    """Each attempt may take its own time-out."""
    notify.inbound.world.opt_out()
    notify.refuses = _fails(PERSON)
    records = notify.records()
    in_a_moment = int(MARGIN.total_seconds() * 1000) + 100
    assert notify.run(records, milliseconds=in_a_moment) == [_sequence(records[0])]
    assert len(notify.requests) == 1


def test_a_batch_without_anything_to_tell_is_done(notify: Notify) -> None:
    """Most writes are marks."""
    notify.inbound.hear("HELP")
    assert notify.run() == []
    assert notify.requests == []
