"""Real notifications with something wrong with them, and whether a batch survives them."""

from __future__ import annotations

import io
import json
from random import Random
from typing import Any

from sms_consent.bootstrap.observability import logger
from support.inbound_function import Inbound
from support.world import OURS

__all__ = ["BODY", "NUMBER", "good", "hear_beside", "mutated"]

NUMBER = "+14255550142"
BODY = "Ebenezer wants STOP"
"""What must never show in a log or a reason."""

STRANGE: list[Any] = [
    None, True, 5, -1, 1e308, 10**40, "", " ", "\x00", "\ud800", "\u202e", "x" * 5_000, [], [[]], {}, {"a": {}}, "null", "{}",
    "5", "[", '"', "STOP", "\u200b", "🛑", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000+23:59",
]  # fmt: skip


def good(number: str, at: str) -> dict[str, Any]:
    """A STOP that nothing is wrong with."""
    name = f"good-{number[:0:-1]}"
    payload = {
        "originationNumber": number,
        "destinationNumber": OURS,
        "messageBody": "STOP",
        "inboundMessageId": name,
    }
    return {"Type": "Notification", "MessageId": name, "Message": json.dumps(payload), "Timestamp": at}


def mutated(random: Random, at: str) -> str:
    """The body of a queue's record with one to three things wrong with it."""
    payload: dict[str, Any] = {
        "originationNumber": NUMBER,
        "destinationNumber": OURS,
        "messageKeyword": "KEYWORD_123456789012",
        "messageBody": random.choice([BODY, "STOP", "", "stop " * 20_000, "\ud83d", "STOP\x00", "Ｓ" * 1_000]),
        "inboundMessageId": "mutated",
        "previousPublishedMessageId": "before",
    }
    notification: dict[str, Any] = {
        "Type": "Notification", "MessageId": "mutated", "TopicArn": "arn", "Timestamp": at, "SignatureVersion": "1",
    }  # fmt: skip
    for _ in range(random.randint(1, 3)):
        target = payload if random.random() < 0.6 else notification
        name = random.choice(sorted(target))
        if random.random() < 0.3:
            target.pop(name)
        else:
            target[name] = random.choice(STRANGE)
    message = json.dumps(payload)
    notification["Message"] = random.choice(
        [message] * 8 + [message[: random.randrange(len(message))], payload, "[" * 50_000]
    )
    record = json.dumps(notification)
    whole = random.random()
    if whole < 0.1:
        return record[: random.randrange(len(record))]
    if whole < 0.15:
        return message  # raw delivery
    return json.dumps(random.choice(STRANGE)) if whole < 0.2 else record


def hear_beside(inbound: Inbound, bad: str, before: str, after: str, at: str) -> str:
    """Hear a bad record between two good ones, and give back all that was logged or put aside with a reason.

    Raises AssertionError if a good one is lost, or if the batch does not end.
    """
    logged = io.StringIO()
    handler = logger("inbound").registered_handler
    stream, handler.stream = handler.stream, logged  # type: ignore[attr-defined]  # a StreamHandler
    try:
        failed = inbound.run(inbound.queued(json.dumps(good(before, at)), bad, json.dumps(good(after, at))))
    finally:
        handler.stream = stream  # type: ignore[attr-defined]
    assert failed == [], "a record that can never be read would come back for ever"
    for number in (before, after):
        consent = inbound.consent(number)
        assert consent is not None, "a good record was lost beside a bad one"
        assert consent.settled, "a good record was lost beside a bad one"
    reasons = [reason for reason, _ in inbound.dead_letters()]
    return logged.getvalue() + "\n".join(reasons)
