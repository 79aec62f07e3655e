"""The built function processes every sample event in Lambda's own runtime, if Docker is available."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from integration.handlers.lambda_runtime.invoke_events import EVENTS, Outcome, Unavailable, invoke_all


@dataclass(frozen=True)
class Expected:
    """What events/README.md says should become of an event."""

    put_on_list: frozenset[str] = frozenset()
    taken_off: frozenset[str] = frozenset()
    texted: tuple[tuple[str, str], ...] = ()  # to whom, and words of it
    put_aside: int = 0


def _on(*numbers: str) -> frozenset[str]:
    return frozenset(numbers)


BATCH = ("+16465550151", "+17185550163")
EXPECTED = {
    "stop.json": Expected(_on("+14255550182"), texted=(("+14255550182", "You are opted out"),)),
    "stop_mixed_case.json": Expected(_on("+14255550183"), texted=(("+14255550183", "You are opted out"),)),
    "arret.json": Expected(_on("+15145550117"), texted=(("+15145550117", "Désabonnement confirmé"),)),
    "start.json": Expected(taken_off=_on("+14255550182"), texted=(("+14255550182", "You are opted in"),)),
    "help.json": Expected(texted=(("+13125550144", "help.example.com"),)),
    "ordinary.json": Expected(),
    "rcs.json": Expected(_on("+14155550126")),  # the served stack has no such agent to answer from
    "rcs_suggestion_stop.json": Expected(_on("+14155550127")),
    "rcs_suggestion_ordinary.json": Expected(),
    "rcs_unsubscribe.json": Expected(_on("+14155550133")),
    "rcs_subscribe.json": Expected(taken_off=_on("+14155550133")),
    "rcs_event_and_keyword.json": Expected(_on("+14155550138")),
    "rcs_typing.json": Expected(),
    "rcs_conversation_started.json": Expected(),
    "rcs_location.json": Expected(),
    "rcs_media.json": Expected(),
    "rcs_unknown_type.json": Expected(),
    "whatsapp.json": Expected(),
    "delivery_event.json": Expected(),
    "rcs_delivery_event.json": Expected(),
    "batch_with_bad_record.json": Expected(
        _on(*BATCH), texted=tuple((each, "You are opted out") for each in BATCH), put_aside=1
    ),
    "unreadable.json": Expected(put_aside=1),
}


def differences(outcome: Outcome, expected: Expected) -> list[str]:
    """What is not as it should be."""
    found = []
    answer: Any = {"batchItemFailures": []}
    for what, is_, should in (
        ("the answer", outcome.answer, answer),
        ("put on the list", outcome.put_on_list, expected.put_on_list),
        ("taken off the list", outcome.taken_off, expected.taken_off),
        ("texted", [to for to, _ in sorted(outcome.texted)], [to for to, _ in expected.texted]),
        ("put aside", len(outcome.put_aside), expected.put_aside),
    ):
        if is_ != should:
            found.append(f"{what}: {is_}, not {should}")
    words = zip(sorted(outcome.texted), expected.texted, strict=False)
    return found + [f"{text!r} does not say {wanted!r}" for (_, text), (_, wanted) in words if wanted not in text]


def test_every_event_is_expected_to_become_something() -> None:
    """A new file in events/ says here what should become of it."""
    assert set(EXPECTED) == {path.name for path in EVENTS.glob("*.json")}


def test_every_event_has_the_expected_result_in_lambdas_runtime() -> None:
    """`sam build`, then `sam local invoke` of each, against the local stack; nothing of it is imported here."""
    outcomes = []
    try:
        outcomes += invoke_all()
    except Unavailable as lacking:
        pytest.skip(f"Lambda's runtime is not here: {lacking}")
    assert {outcome.event for outcome in outcomes} == set(EXPECTED)
    assert {each.event: differences(each, EXPECTED[each.event]) for each in outcomes} == {name: [] for name in EXPECTED}
