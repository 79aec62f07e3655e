"""InboundFunction from the event to the list, the ledger and the reply."""

from __future__ import annotations

import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from support.world import LIST, OURS, PERSON

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.consent import Status
from sms_consent.domain.ports import Sender

PAYLOAD = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP"}


def test_a_stop_from_sns_opts_its_sender_out(inbound: Any) -> None:
    """The direct event."""
    inbound.run(inbound.event("stop.json"))
    consent = inbound.consent()
    assert consent is not None
    assert (consent.status, consent.end_user_opted_out) == (Status.OPTED_OUT, True)
    assert inbound.world.listed()
    assert len(inbound.world.texts()) == 1


def test_a_stop_as_large_as_a_notification_may_be_opts_its_sender_out(inbound: Any) -> None:
    """All of its 240 KB are the words that decided; an item has at most 400 KB."""
    assert inbound.hear("ST" + "\u200b" * 80_000 + "OP") == []
    assert inbound.world.listed()
    (decision,) = inbound.world.history()
    assert (len(decision["body"]["S"]), len(decision["matched"]["S"])) == (80_004, 1_000)


def test_a_start_later_opts_the_same_person_in(inbound: Any) -> None:
    """The rule of the newer decision, over two events."""
    inbound.run(inbound.event("stop.json"))
    inbound.run(inbound.event("start.json"))
    assert inbound.consent().status is Status.OPTED_IN
    assert not inbound.world.listed()


def test_arret_is_answered_in_french(inbound: Any) -> None:
    """Canada: STOP in English, ARRET in French."""
    inbound.run(inbound.event("arret.json"))
    assert "Désabonnement" in inbound.world.texts()[0]


def test_help_is_answered_with_the_support_contact_and_changes_no_consent(inbound: Any) -> None:
    """With self-managed opt-outs, HELP is ours to answer."""
    inbound.run(inbound.event("help.json"))
    (reply,) = inbound.world.texts()
    assert "help.example.com" in reply
    assert inbound.world.calls() == ["SendTextMessage"]


def test_a_redelivered_help_is_answered_once(inbound: Any) -> None:
    """The reply is claimed in the ledger before it is sent."""
    inbound.run(inbound.event("help.json"))
    inbound.run(inbound.event("help.json"))
    assert len(inbound.world.texts()) == 1


def test_a_throttled_help_is_answered_by_sweep(inbound: Any) -> None:
    """No queue has to hold it."""
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    inbound.run(inbound.event("help.json"))
    inbound.world.pass_time(seconds=5)
    inbound.world.sweep()
    assert len(inbound.world.texts()) == 1


def test_a_person_gets_at_most_three_replies_to_help_in_an_hour(inbound: Any) -> None:
    """Two machines would talk for ever."""
    for n in range(5):
        inbound.world.pass_time(minutes=1)
        inbound.hear("HELP", inboundMessageId=f"help-{n}")
    assert len(inbound.world.texts()) == 3
    inbound.world.pass_time(hours=1)
    inbound.hear("HELP", inboundMessageId="help-later")
    assert len(inbound.world.texts()) == 4


def test_an_ordinary_text_costs_no_call_at_all(inbound: Any) -> None:
    """It is most of the traffic."""
    inbound.run(inbound.event("ordinary.json"))
    assert inbound.world.calls() == []
    assert clients.dynamodb().scan(TableName="ledger")["Count"] == 0


def test_an_rcs_text_without_optional_fields_is_processed(inbound: Any) -> None:
    """messageKeyword and previousPublishedMessageId may be absent; the agent's id is no phone number."""
    event = inbound.event("rcs.json")
    inbound.run(event)
    number = json.loads(event["Records"][0]["Sns"]["Message"])["originationNumber"]
    assert inbound.consent(number).status is Status.OPTED_OUT


def test_a_message_keyword_is_never_believed(inbound: Any) -> None:
    """AWS fills it with the number's keyword, also for bodies like YES."""
    inbound.hear("see you at noon", messageKeyword="STOP")
    assert inbound.consent() is None


def test_a_bad_record_ends_in_the_dead_letter_queue_and_the_others_go_through(inbound: Any) -> None:
    """One record must not take its batch with it."""
    event = inbound.event("batch_with_bad_record.json")
    assert inbound.run(event) == []
    ((reason, body),) = inbound.dead_letters()
    assert reason == "originationNumber is missing, empty or not a string"
    assert body == event["Records"][1]["body"]
    assert inbound.world.calls().count("PutOptedOutNumber") == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("STOP", "the queue's record is not JSON"),
        ("5", "the queue's record is JSON, but no object"),
        ("null", "the queue's record is JSON, but no object"),
        ("[]", "the queue's record is JSON, but no object"),
        ("[" * 100_000, "the queue's record is not JSON"),
        ("{}", "an SNS message of a foreign type: only a Notification carries a text"),
        ('{"Type":"SubscriptionConfirmation"}', "an SNS message of a foreign type: only a Notification carries a text"),
        ('{"Type":"Notification"}', "the SNS notification has no Message"),
    ],
)
def test_a_body_that_is_no_notification_is_dead_lettered_with_a_reason(inbound: Any, body: str, reason: str) -> None:
    """Nothing is dropped in silence."""
    assert inbound.run(inbound.queued(body)) == []
    assert inbound.dead_letters() == [(reason, body)]


@pytest.mark.parametrize("value", [None, "", "  ", 14255550182, ["+14255550182"]])
@pytest.mark.parametrize("field", ["originationNumber", "destinationNumber"])
def test_a_missing_or_empty_number_is_dead_lettered(inbound: Any, field: str, value: Any) -> None:
    """Whose text it is cannot be guessed."""
    inbound.run(inbound.queued(PAYLOAD | {field: value}))
    ((reason, _),) = inbound.dead_letters()
    assert reason == f"{field} is missing, empty or not a string"


def test_a_notification_without_a_readable_timestamp_is_dead_lettered(inbound: Any) -> None:
    """Texts are ordered by it; a guess could bring back somebody who had left."""
    notification = inbound.notification(PAYLOAD) | {"Timestamp": "yesterday"}
    inbound.run(inbound.queued(json.dumps(notification)))
    ((reason, _),) = inbound.dead_letters()
    assert "Timestamp" in reason


@pytest.mark.parametrize("sender", ["ExampleCo", "not-a-number", "72345", "+0123"])
def test_a_request_from_a_sender_without_phone_number_is_dead_lettered(inbound: Any, sender: str) -> None:
    """It cannot be opted out; if it was somebody's STOP, somebody must know."""
    inbound.hear("STOP", originationNumber=sender)
    ((reason, _),) = inbound.dead_letters()
    assert "no phone number" in reason


@pytest.mark.parametrize("sender", ["ExampleCo", "72345"])
def test_what_machines_say_otherwise_is_left_alone(inbound: Any, sender: str) -> None:
    """A short code's newsletter is nobody's emergency."""
    assert inbound.hear("Your parcel has been sent", originationNumber=sender) == []
    assert inbound.dead_letters() == []


def test_a_number_without_its_plus_is_the_same_person(inbound: Any) -> None:
    """The API's pattern makes the plus optional."""
    inbound.hear("STOP", originationNumber=PERSON.removeprefix("+"))
    assert inbound.consent().status is Status.OPTED_OUT


def test_an_unknown_destination_counts_for_the_stacks_own_list(inbound: Any) -> None:
    """A STOP to a number that nobody configured is a STOP; only its confirmation cannot be sent."""
    inbound.hear("STOP", destinationNumber="+12125550199")
    assert inbound.world.listed()
    assert inbound.consent().settled


def test_a_configured_sender_has_its_own_list_brand_and_language(inbound: Any) -> None:
    """Several programmes in one account."""
    inbound.world.aws.create_opt_out_list(OptOutListName="Club")
    inbound.configure(Sender(identity=OURS, list_name="Club", brand="The Club", language="de"))
    inbound.hear("STOP")
    assert inbound.consent(list_name="Club").settled
    assert inbound.consent(list_name=LIST) is None
    assert "The Club" in inbound.world.texts()[0]
    assert "abgemeldet" in inbound.world.texts()[0].lower()


@pytest.mark.parametrize("sent_at", ["1793714400000", 1793714400000])
def test_raw_delivery_switched_on_by_mistake_loses_no_stop(inbound: Any, sent_at: object) -> None:
    """The queue's own timestamp stands in for the one that raw delivery strips. An event made by hand may hold a number."""
    event = inbound.queued(json.dumps(PAYLOAD))
    event["Records"][0]["attributes"]["SentTimestamp"] = sent_at
    assert inbound.run(event) == []
    assert inbound.world.listed()


def test_a_ledger_that_does_not_answer_has_the_text_delivered_again(
    inbound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the ledger has it, the queue must keep it."""
    monkeypatch.setattr(inbound.world.parts.ledger, "_table", "no-such-table")
    monkeypatch.setattr(container().inbound_batch._inbound._recorder._ledger._ledger, "_table", "no-such-table")
    assert inbound.hear("STOP") == ["record-0"]


def test_a_direct_event_that_fails_is_given_back_to_lambda(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no partial failure for SNS itself: Lambda repeats the event."""
    monkeypatch.setattr(container().inbound_batch._inbound._recorder._ledger._ledger, "_table", "no-such-table")
    with pytest.raises(RuntimeError, match="delivers it again"):
        inbound.run(inbound.event("stop.json"))


def test_several_texts_of_one_person_in_one_batch_end_with_the_newest(inbound: Any) -> None:
    """In whatever order the queue hands them out."""
    first = inbound.notification(PAYLOAD | {"inboundMessageId": "a"})
    inbound.world.pass_time(seconds=1)
    second = inbound.notification(PAYLOAD | {"messageBody": "START", "inboundMessageId": "b"})
    inbound.run(inbound.queued(json.dumps(second), json.dumps(first)))
    assert inbound.consent().status is Status.OPTED_IN
    assert not inbound.world.listed()


def test_a_hundred_thousand_characters_are_read(inbound: Any) -> None:
    """Whatever somebody sends, it ends."""
    started = time.process_time()
    assert inbound.hear("stop " * 20_000) == []
    assert timedelta(seconds=time.process_time() - started) < timedelta(seconds=5)


def test_no_log_line_holds_a_number_or_a_text(
    inbound: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logs are read by more people than may know who texts."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    inbound.hear("STOP")
    inbound.hear("stop, this is Ebenezer")
    inbound.run(inbound.queued(PAYLOAD | {"originationNumber": ""}, "Ebenezer"))
    printed = logged.getvalue() + "".join(capsys.readouterr())
    assert "a text was processed" in printed
    assert PERSON.removeprefix("+") not in printed
    assert OURS.removeprefix("+") not in printed
    assert "Ebenezer" not in printed


@pytest.mark.parametrize("wording", ["{}", "You wrote: {} Thanks for telling me", "> {}"])
def test_our_own_reply_fed_back_changes_no_consent(inbound: Any, wording: str) -> None:
    """Machines quote what they were sent; our confirmation has the word STOP's meaning in it."""
    inbound.hear("STOP")
    inbound.world.pass_time(minutes=1)
    inbound.hear("START", inboundMessageId="b")
    inbound.world.pass_time(minutes=1)
    for at, reply in enumerate(inbound.world.texts()):
        inbound.hear(wording.format(reply), inboundMessageId=f"echo-{at}")
    assert inbound.consent().status is Status.OPTED_IN
    assert len(inbound.world.texts()) == 2


def test_a_request_beside_our_quoted_reply_is_recognised(inbound: Any) -> None:
    """Only the echo is set aside, not what the person adds."""
    inbound.hear("HELP")
    (reply,) = inbound.world.texts()
    inbound.hear(f"{reply}\nplease stop texting me", inboundMessageId="b")
    assert inbound.consent().status is Status.OPTED_OUT
