"""`sms-consent local` as a service, driven by boto3 and HTTP alone."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from time import monotonic

import pytest
from integration.local.served import OURS, Served, run

DAYS = 24 * 3600
CONFIRMATION = "opted out"


def test_the_ready_line_names_everything_that_a_client_needs(stack: Served) -> None:
    """The contract's keys."""
    assert set(stack.about) == {
        *("aws_endpoint", "api_endpoint", "region", "topic_arn", "queue_url", "dead_letter_queue_url", "table"),
        "opt_out_list",
    }
    for endpoint in (stack.endpoint, stack.about["api_endpoint"]):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoint)


def test_the_ready_line_can_be_asked_for_again(stack: Served) -> None:
    """For clients that did not start the process."""
    assert stack.get("/_local") == stack.about


def test_a_stop_puts_its_sender_on_the_list(stack: Served) -> None:
    """The main job: the list holds the number, and the ledger says that the person asked."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    assert stack.listed(person) is not None
    consent = stack.consent(person)
    assert (consent["status"], consent["EndUserOptedOut"]) == ("OPTED_OUT", True)


def test_a_stop_is_confirmed_before_the_number_is_put_on_the_list(stack: Served) -> None:
    """Afterwards the service would refuse the text."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    (text,) = stack.texts_to(person)
    entry = stack.listed(person)
    assert entry is not None
    assert text["from"] == OURS
    assert CONFIRMATION in text["body"]
    assert datetime.fromisoformat(text["at"]) <= entry["OptedOutTimestamp"]


def test_a_start_takes_its_sender_off_the_list(stack: Served) -> None:
    """Nobody has deleted the number within 30 days."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.publish(person, "START")
    stack.drain()
    assert stack.listed(person) is None
    assert stack.consent(person)["status"] == "OPTED_IN"


def test_a_second_start_within_thirty_days_waits_and_is_released_when_they_are_over(stack: Served) -> None:
    """A number can be deleted from a list once in 30 days; time is moved past them."""
    person = stack.person()
    for body in ("STOP", "START", "STOP", "START"):
        stack.publish(person, body)
        stack.drain()
    assert stack.consent(person)["status"] == "OPT_IN_PENDING"
    assert stack.listed(person) is not None
    stack.advance(31 * DAYS)
    stack.drain()
    assert stack.listed(person) is None
    assert stack.consent(person)["status"] == "OPTED_IN"


def test_time_moves_for_topic_list_and_texts_alike(stack: Served) -> None:
    """What happens after a step of a day bears the new time, in the ledger, on the list and on the text."""
    before = datetime.fromisoformat(stack.get("/_local/clock")["now"])
    stack.advance(DAYS)
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    entry = stack.listed(person)
    assert entry is not None
    moments = (
        entry["OptedOutTimestamp"],
        datetime.fromisoformat(stack.consent(person)["decided_at"]),
        datetime.fromisoformat(stack.texts_to(person)[0]["at"]),
    )
    assert all(before + timedelta(days=1) <= moment < before + timedelta(days=1, minutes=5) for moment in moments)


def test_a_put_that_fails_is_made_as_time_goes_on(stack: Served) -> None:
    """The ledger says opted out meanwhile; the back-off is lived through, not waited for."""
    person = stack.person()
    stack.fail("PutOptedOutNumber", times=3)
    stack.publish(person, "STOP")
    stack.drain()
    assert stack.consent(person)["status"] == "OPTED_OUT"
    assert stack.listed(person) is None
    stack.advance(60)
    stack.drain()
    assert stack.listed(person) is not None


def test_an_end_users_text_reaches_the_function_by_the_topic(stack: Served) -> None:
    """As the service hands it on: its number has two-way messaging and self-managed opt-outs."""
    person = stack.person()
    answer = stack.post("/_local/text", {"from": person, "to": OURS, "body": "Arrêt"})
    stack.drain()
    assert stack.listed(person) is not None
    assert answer["inbound_message_id"] == stack.consent(person)["decided_by"]


def test_a_text_is_processed_without_a_drain(stack: Served) -> None:
    """The service works by itself; the test asks until it has."""
    person = stack.person()
    stack.publish(person, "STOP")
    until = monotonic() + 30
    while not stack.texts_to(person):
        assert monotonic() < until
    assert stack.consent(person)["status"] == "OPTED_OUT"


def test_what_cannot_be_read_ends_in_the_dead_letter_queue_with_its_reason(stack: Served) -> None:
    """And leaves the texts beside it alone."""
    person = stack.person()
    stack.client("sns").publish(TopicArn=stack.about["topic_arn"], Message="{")
    stack.publish(person, "STOP")
    assert stack.drain()["in_flight"] == 0
    assert stack.put_aside() == ["the SNS Message is not JSON"]
    assert stack.listed(person) is not None


def test_an_end_users_text_to_a_number_that_is_not_ours_is_refused(stack: Served) -> None:
    """The carrier would not have delivered it."""
    status, answer = stack.ask("POST", "/_local/text", {"from": stack.person(), "to": "+12125550199", "body": "STOP"})
    assert (status, set(answer)) == (404, {"error"})


def test_a_number_can_be_had_from_the_api_and_texted(stack: Served) -> None:
    """Somebody's integration brings its own numbers."""
    sms = stack.client("pinpoint-sms-voice-v2")
    number = sms.request_phone_number(
        IsoCountryCode="US", MessageType="TRANSACTIONAL", NumberCapabilities=["SMS"], NumberType="LONG_CODE"
    )
    person = stack.person()
    sms.update_phone_number(
        PhoneNumberId=number["PhoneNumberId"], TwoWayEnabled=True, TwoWayChannelArn=stack.about["topic_arn"]
    )
    sms.update_phone_number(PhoneNumberId=number["PhoneNumberId"], SelfManagedOptOutsEnabled=True)
    stack.post("/_local/text", {"from": person, "to": number["PhoneNumber"], "body": "STOP"})
    stack.drain()
    assert [text["from"] for text in stack.texts_to(person)] == [number["PhoneNumber"]]


@pytest.mark.slow
def test_a_function_that_waits_for_its_turn_takes_no_time(stack: Served) -> None:
    """Fifteen texts at one a second: the local time moves on instead of the test waiting."""
    people = [stack.person() for _ in range(15)]
    here, machine = datetime.fromisoformat(stack.get("/_local/clock")["now"]), monotonic()
    stack.fail("SendTextMessage", times=15)
    for person in people:
        stack.publish(person, "STOP")
    stack.advance(2)
    gained = datetime.fromisoformat(stack.get("/_local/clock")["now"]) - here - timedelta(seconds=monotonic() - machine)
    assert all(stack.listed(person) for person in people)
    assert all(stack.texts_to(person) for person in people)
    assert gained > timedelta(seconds=10)


def test_a_number_taken_off_the_list_by_hand_is_back_a_day_later(stack: Served) -> None:
    """ReconcileFunction runs when its time comes by the clock, and what it makes due is done in the same drain."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    stack.client("pinpoint-sms-voice-v2").delete_opted_out_number(
        OptOutListName=stack.about["opt_out_list"], OptedOutNumber=person
    )
    stack.advance(DAYS + 300)
    stack.drain()
    assert stack.listed(person) is not None
    assert stack.consent(person)["drift"] == "NOT_LISTED"


@pytest.mark.slow
def test_doctor_deep_passes_every_check_that_a_local_stack_has_the_parts_for(stack: Served) -> None:
    """What it lacks is UNKNOWN. The test STOP gets to the list and off it again."""
    done = run("doctor", "--deep", "--send-test-stop", "--json", AWS_ENDPOINT_URL=stack.endpoint)
    told = json.loads(done.stdout)
    statuses = {each["check"]: each["status"] for each in told["checks"] if each["status"] != "NOTE"}
    # Another test may have added a number that is not connected.
    assert {each["check"] for each in told["checks"] if each["status"] == "FAIL"} <= {"numbers"}
    assert told["problems"] == []
    ways = ("caller", "topic", "subscription", "dead letters", "event sources", "lists", "test STOP")
    assert {name: statuses[name] for name in ways} == dict.fromkeys(ways, "PASS")
    assert [each["status"] for each in told["checks"] if each["message"].startswith(OURS)] == ["PASS"]
