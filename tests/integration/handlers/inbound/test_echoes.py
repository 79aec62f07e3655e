"""Texts made of our own replies, through the real handler: a copy has no intent, a request counts, and none opts anyone in."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from support.inbound_function import Inbound
from support.world import LIST, OURS, PERSON
from typer.testing import CliRunner

from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent.domain.ports import Sender
from sms_consent.domain.reply import digest_of
from sms_consent_cli.main import app

ODD_BRAND = "Please Stop Texting"
"""The brand of a campaign: its replies ask for something, if somebody writes them of their own accord."""

REQUESTS = [
    "STOP to opt out",
    "STOP to end messages",
    "STOP to opt out please",
    "stop to opt out.",
    "STOP para darse de baja",
    "ARRET pour vous désabonner",
    "ARRET pour vous",
    "STOP om u af te melden",
    "SAIR para cancelar",
    "BAJA para darse de baja",
    "STOP zum Abmelden",
    "STOP to end messages or HELP for help.",
    "Thanks for reaching out! We already hired someone. STOP",
    "I'm currently driving, stop texting me",
    'Liked "Your appointment is confirmed". Also pls stop these texts',
]


def _explained(*texts: str) -> list[str]:
    lines = "\n".join(map(json.dumps, texts))
    output = CliRunner().invoke(app, ["explain", "--jsonl"], input=lines).stdout
    return [json.loads(line)["intent"] for line in output.splitlines()]


def _number(at: int) -> str:
    return f"+1425555{at:04d}"


def test_a_request_in_our_own_words_is_recorded_and_put_as_explain_says(inbound: Inbound) -> None:
    """From people who were never sent anything; in several languages, with more or less around it."""
    for at, body in enumerate(REQUESTS):
        assert inbound.hear(body, originationNumber=_number(at), inboundMessageId=f"text-{at}") == []
    consents = [inbound.consent(_number(at)) for at in range(len(REQUESTS))]
    assert [
        body for body, each in zip(REQUESTS, consents, strict=True) if each is None or each.status != "OPTED_OUT"
    ] == []
    listed = {each["OptedOutNumber"] for each in _on_list(inbound)}
    assert listed >= {_number(at) for at in range(len(REQUESTS))}
    assert len(inbound.world.texts()) == len(REQUESTS)
    assert set(_explained(*REQUESTS)) == {"OPT_OUT"}


def _on_list(inbound: Inbound) -> list[Any]:
    pages = inbound.world.aws.get_paginator("describe_opted_out_numbers").paginate(OptOutListName=LIST)
    return [entry for page in pages for entry in page["OptedOutNumbers"]]


@pytest.mark.parametrize(
    "body", ["Reply STOP to opt out", "Responda BAJA para darse de baja", "Text STOP to unsubscribe."]
)
def test_an_instruction_alone_is_asked_about_or_opts_out(inbound: Inbound, body: str) -> None:
    """Not passed over: the person may have copied what to do."""
    inbound.hear(body)
    assert _explained(body)[0] in ("OPT_OUT", "UNCLEAR")
    assert len(inbound.world.texts()) == 1
    assert len(inbound.world.history()) == 1


@pytest.mark.parametrize(
    "piece",
    [
        "to opt back in.",
        "messages. START pour vous réabonner",
        "Mit START",
        "volver a recibirlos.",
        "START for at tilmelde dig igen",
    ],
)
def test_a_piece_of_our_reply_does_not_undo_a_stop(inbound: Inbound, piece: str) -> None:
    """The person stays opted out, and is sent nothing."""
    inbound.hear("STOP", inboundMessageId="a")
    inbound.world.pass_time(seconds=5)
    inbound.hear(piece, inboundMessageId="b")
    consent = inbound.consent()
    assert consent is not None
    assert consent.status is Status.OPTED_OUT
    assert inbound.world.listed()
    assert len(inbound.world.texts()) == 1
    assert _explained(piece) == ["NONE"]


def test_a_piece_of_a_senders_own_reply_does_not_undo_a_stop(inbound: Inbound) -> None:
    """Its brand may be a word that opts in."""
    inbound.configure(Sender(identity=OURS, list_name=LIST, brand="Sign Me Up"))
    inbound.hear("STOP", inboundMessageId="a")
    inbound.world.pass_time(seconds=5)
    inbound.hear("Sign Me Up: You are", inboundMessageId="b")
    assert inbound.consent().status is Status.OPTED_OUT  # type: ignore[union-attr]  recorded above


def _asked_for_help(inbound: Inbound) -> str:
    """The reply to a HELP, which would ask for something if its brand were somebody's own words."""
    inbound.configure(Sender(identity=OURS, list_name=LIST, brand=ODD_BRAND))
    inbound.hear("HELP", inboundMessageId="help")
    inbound.world.pass_time(seconds=30)
    return inbound.world.texts()[-1]


@pytest.mark.parametrize("form", ["{}", "{} ok", " {} "])
def test_an_echo_of_a_reply_asks_for_nothing(inbound: Inbound, form: str) -> None:
    """No decision, no further reply."""
    reply = _asked_for_help(inbound)
    inbound.hear(form.format(reply), inboundMessageId="echo")
    assert inbound.consent() is None
    assert len(inbound.world.history()) == 1
    assert len(inbound.world.texts()) == 1


def test_an_echo_of_a_reply_to_a_stop_is_known_by_the_consent(inbound: Inbound) -> None:
    """Its digest stands on the item that marks the number as listed."""
    inbound.configure(Sender(identity=OURS, list_name=LIST, brand=ODD_BRAND))
    inbound.hear("STOP", inboundMessageId="a")
    reply = inbound.world.texts()[-1]
    consent = inbound.consent()
    assert consent is not None
    assert [each.digest for each in consent.recent_replies] == [digest_of(reply)]
    inbound.world.pass_time(minutes=1)
    inbound.hear(reply, inboundMessageId="echo")
    assert len(inbound.world.history()) == 1


@pytest.mark.parametrize(
    ("form", "days", "number"),
    [
        ("{}", 8, PERSON),  # too long ago
        ("{}", 0, "+14255550199"),  # somebody else was sent it
        ("{}\nplease stop", 0, PERSON),
        ("STOP {}", 0, PERSON),
    ],
)
def test_what_is_no_echo_counts(inbound: Inbound, form: str, days: int, number: str) -> None:
    """The same words of their own accord, or a request beside them."""
    reply = _asked_for_help(inbound)
    inbound.world.pass_time(days=days)
    inbound.hear(form.format(reply), originationNumber=number, inboundMessageId="text")
    consent = inbound.consent(number)
    assert consent is not None
    assert consent.status is Status.OPTED_OUT


def test_a_copy_of_a_reply_that_was_not_sent_counts(inbound: Inbound) -> None:
    """The person was sent another one."""
    _asked_for_help(inbound)
    other = f"{ODD_BRAND}: You are opted in. Msg frequency varies. Msg & data rates may apply. "
    inbound.hear(other + "Reply HELP for help, STOP to opt out.", inboundMessageId="copy")
    consent = inbound.consent()
    assert consent is not None
    assert consent.status is Status.OPTED_OUT


def test_a_reply_of_unknown_fate_may_have_been_sent(inbound: Inbound) -> None:
    """The service gave no answer: an echo shows that it took the text."""
    inbound.configure(Sender(identity=OURS, list_name=LIST, brand=ODD_BRAND))
    inbound.world.backend.fail_next("SendTextMessage", "InternalServerException", 1)
    inbound.hear("HELP", inboundMessageId="help")
    letter = inbound.world.parts.ledger.thread("HELP", PERSON)
    assert letter is not None
    assert len(letter.recent_replies) == 1


def test_the_last_three_replies_are_kept(inbound: Inbound) -> None:
    """On the items that are written anyway."""
    for at in range(5):
        inbound.hear("HELP", inboundMessageId=f"help-{at}")
        inbound.world.pass_time(hours=1)
    letter = inbound.world.parts.ledger.thread("HELP", PERSON)
    assert letter is not None
    times = [reply.at for reply in letter.recent_replies]
    assert len(times) == 3
    assert times == sorted(times)
    assert inbound.world.parts.clock.now() - times[-1] == timedelta(hours=1)


def test_only_a_copy_of_a_reply_is_looked_up(inbound: Inbound) -> None:
    """Three reads at the most, and none for any other text."""
    reply = _asked_for_help(inbound)
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = clients.dynamodb().meta.events
    events.register("before-call", count)
    try:
        inbound.hear("please take me off your list", originationNumber="+14255550199", inboundMessageId="a")
        assert calls["GetItem"] == 0
        calls.clear()
        inbound.hear(reply, inboundMessageId="b")
        assert calls == {"GetItem": 2}
    finally:
        events.unregister("before-call", count)
