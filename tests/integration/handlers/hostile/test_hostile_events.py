"""With any input, the batch ends, good records are processed, and no text or number is logged."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from support.hostile import BODY, NUMBER, good, hear_beside, mutated
from support.inbound_function import inbound_function

from sms_consent.domain.time import as_text

CASES = 50


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(5))
def test_a_bad_record_affects_no_good_one_and_logs_no_number(
    chunk: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutated real events by the hundred; a failure names the seed."""
    with inbound_function(monkeypatch) as inbound:
        for case in range(CASES):
            seed = chunk * CASES + case
            at = as_text(inbound.world.parts.clock.now())
            # Fresh numbers of the ranges reserved for fiction, so that each good record must be heard anew.
            before, after = (f"+1{201 + seed + offset}5550123" for offset in (0, 400))
            shown = hear_beside(inbound, mutated(Random(seed), at), before, after, at)
            shown += "".join(capsys.readouterr())
            assert NUMBER.removeprefix("+") not in shown, f"seed {seed} prints a number"
            assert BODY not in shown, f"seed {seed} prints a text"
            assert "Ebenezer" not in shown, f"seed {seed} prints a part of a text"


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": "STOP"}, [], 5, None])
def test_an_event_without_records_is_refused(event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda delivers no such thing; whoever invokes by hand is told, and nothing is taken for done."""
    with inbound_function(monkeypatch) as inbound, pytest.raises(TypeError, match="no list of Records"):
        inbound.run(event)


@pytest.mark.parametrize("record", [None, 5, "STOP", [], {}, {"Sns": 5}, {"body": None}, {"eventSource": "aws:s3"}])
def test_a_record_of_another_kind_is_dead_lettered(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside good ones too, which go through."""
    with inbound_function(monkeypatch) as inbound:
        at = as_text(inbound.world.parts.clock.now())
        event = inbound.queued(json.dumps(good("+14255550123", at)))
        event["Records"].insert(0, record)
        assert inbound.run(event) == []
        assert [reason for reason, _ in inbound.dead_letters()] == ["a record that is neither from SNS nor from SQS"]
        assert inbound.consent("+14255550123").settled


def test_an_event_of_no_records_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to do, and nothing to measure."""
    with inbound_function(monkeypatch) as inbound:
        assert inbound.run({"Records": []}) == []
