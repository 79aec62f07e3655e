"""Every file in events/ through the handler has the result that events/README.md states."""

from __future__ import annotations

import json
from typing import Any

import pytest
from integration.handlers.lambda_runtime.test_events_in_lambda import EXPECTED
from support.inbound_function import Inbound
from support.world import LIST

AGENT = "rcs-0f3a9c1d7b5e48260a1b2c3d4e5f6071"
BEFORE = {"start.json": "stop.json", "rcs_subscribe.json": "rcs_unsubscribe.json"}
"""Files whose person must have opted out before."""

COUNTED = {
    "rcs_suggestion_stop.json": "RcsSuggestion",
    "rcs_suggestion_ordinary.json": "RcsSuggestion",
    "rcs_unsubscribe.json": "RcsUnsubscribe",
    "rcs_subscribe.json": "RcsSubscribe",
    "rcs_event_and_keyword.json": "RcsUnsubscribe",
    "rcs_typing.json": "RcsTyping",
    "rcs_conversation_started.json": "RcsConversationStarted",
    "rcs_location.json": "RcsLocation",
    "rcs_media.json": "RcsMedia",
    "rcs_unknown_type.json": "RcsOther",
    "whatsapp.json": "OtherEvents",
    "delivery_event.json": "OtherEvents",
    "rcs_delivery_event.json": "OtherEvents",
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_sample_event_does_what_its_readme_says(
    inbound: Inbound, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Opt-outs and opt-ins, one confirmation a person, what is put aside, and what is counted."""
    backend = inbound.world.backend
    backend.add_rcs_agent(AGENT)
    inbound.world.pass_time(days=20)  # after every file's timestamp
    if name in BEFORE:
        inbound.run(inbound.event(BEFORE[name]))
        inbound.world.pass_time(seconds=2)
    before, texts = set(backend.opt_out_lists[LIST].numbers), len(backend.sent_texts())
    capsys.readouterr()
    assert inbound.run(inbound.event(name)) == []
    after, expected = set(backend.opt_out_lists[LIST].numbers), EXPECTED[name]
    assert (after - before, before - after) == (expected.put_on_list, expected.taken_off)
    assert len(inbound.dead_letters()) == expected.put_aside
    by_rcs = expected.put_on_list | expected.taken_off if name.startswith("rcs") else frozenset()
    texted = sorted(text.to for text in backend.sent_texts()[texts:])
    assert texted == sorted([*(to for to, _ in expected.texted), *by_rcs])
    assert COUNTED.get(name, "TextsNone") in _counted(capsys) or not name.startswith(("rcs_", "whatsapp", "delivery"))


def test_every_sample_of_rcs_and_of_other_channels_is_counted() -> None:
    """A new file in events/ says here by which metric."""
    named = {name for name in EXPECTED if name.startswith(("rcs_", "whatsapp", "delivery"))}
    assert set(COUNTED) == named


def _counted(capsys: pytest.CaptureFixture[str]) -> set[str]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    return {each["Name"] for line in lines for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
