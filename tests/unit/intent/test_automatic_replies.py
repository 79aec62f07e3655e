"""Automatic replies: only the words of a phrase are removed, and automatic replies without a request have no intent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rules.sources import load
from sms_consent.intent import Intent, RuleSet

RULES = RuleSet()
PHRASES: list[str] = load("non_authored_text")["automatic"]
FILE = Path(__file__).with_name("automatic_replies.txt")
REQUESTS = [
    ". STOP",
    " stop",
    ". Please stop texting me",
    ", stop texting me",
    "! Unsubscribe.",
    ". pls unsubscribe me",
    ". Remove me from your list",
    "\nARRET",
    ". BAJA",
    ". Abmelden",
    ". ОТПИСАТЬСЯ",
    ". No me envíen más mensajes",
    ". Bitte keine SMS mehr",
    ". N'envoyez plus de messages",
    ". 退订",
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_beside_the_phrase_of_an_automatic_reply_counts(request_: str) -> None:
    """People write "no longer with the company" too."""
    assert [phrase for phrase in PHRASES if RULES.classify(phrase + request_).intent is not Intent.OPT_OUT] == []


@pytest.mark.parametrize("phrase", PHRASES[::10])
def test_no_opt_in_and_no_reply_beside_the_phrase_of_an_automatic_reply(phrase: str) -> None:
    """A machine's START or HELP is none, and an answer would be answered."""
    assert {RULES.classify(f"{phrase}. {word}").intent for word in ("START", "HELP", "sign me up")} == {Intent.NONE}


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for reaching out! We already hired someone. STOP",
        "Thank you for contacting me, but I am not interested. Remove my number",
        "He is no longer with the company, please remove this number from your list",
        "She's out of the office for good. Take this number off your list",
        "I'm currently driving, stop texting me",
        "Im the guardian of the person you are texting and I want these stopped",
        "The person you are texting died in May. Please do not text this number",
        "The number you are texting belongs to a child, quit sending this",
        "I'm not receiving notifications from your app and don't want your texts either, unsubscribe me",
        "Auto reply: don't text me again",
        "Automatische Antwort: Bitte schreiben Sie mir nicht mehr",
    ],
)
def test_requests_of_people_who_write_like_machines_are_found(text: str) -> None:
    """The rest of the text is classified like any other."""
    assert RULES.classify(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "Auto-reply: please do not text this number.",
        "Auto reply: don't text me while I'm driving",
        "Respuesta automática: no envíe mensajes a este número.",
        "Автоответ: за рулём, не пишите, перезвоню",
    ],
)
def test_an_automatic_statement_about_a_number_or_now_is_no_request(text: str) -> None:
    """It asks for no end of texts."""
    assert RULES.classify(text).intent is Intent.NONE


def test_at_most_one_in_a_hundred_automatic_replies_opts_out() -> None:
    """Of hundreds in many languages, each with the source of its wording, among them those that tell what to text."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    sources = {line.split()[2].rstrip(":") for line in lines if line.startswith("# source ")}
    rows = [line.split(" | ", 2) for line in lines if not line.startswith("#")]
    assert len(rows) >= 200
    assert len({language for language, _, _ in rows}) >= 12
    assert {source for _, source, _ in rows} <= sources
    counts = Counter(RULES.classify(text).intent for _, _, text in rows)
    assert counts[Intent.OPT_OUT] <= len(rows) // 100
    assert counts[Intent.OPT_IN] == counts[Intent.HELP] == 0
    assert counts[Intent.UNCLEAR] <= len(rows) // 8
