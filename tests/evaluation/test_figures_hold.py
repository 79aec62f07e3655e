"""The figures that were reached do not fall again."""

import json
from pathlib import Path
from typing import Any

import pytest

from sms_consent_cli.commands.evaluate.corpus import Part, load
from sms_consent_cli.commands.evaluate.metrics import ClassifiedText, Figures, by, outcomes
from sms_consent_cli.shared.classification import standard

pytestmark = pytest.mark.slow

THRESHOLDS: dict[str, Any] = json.loads(Path(__file__).with_name("thresholds.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[Part.DEV, Part.HELDOUT])
def part(request: pytest.FixtureRequest) -> Part:
    """Both parts: the one shows that rules do what they were written for, the other that they hold elsewhere."""
    return Part(request.param)


@pytest.fixture(scope="module")
def results(part: Part) -> list[ClassifiedText]:
    """Every text of the part, classified."""
    return outcomes(standard(), load(part))


def test_opt_outs_are_found_as_often_as_before(part: Part, results: list[ClassifiedText]) -> None:
    """At least the share of real opt-outs that was reached."""
    assert Figures.of(results).found.value >= THRESHOLDS[part]["found"]


def test_innocent_texts_are_touched_no_oftener_than_before(part: Part, results: list[ClassifiedText]) -> None:
    """At most the share of hard innocent texts that was reached."""
    assert Figures.of(results).touched.value <= THRESHOLDS[part]["touched"]


def test_conversation_is_touched_no_oftener_than_before(part: Part, results: list[ClassifiedText]) -> None:
    """Under one in a thousand."""
    assert Figures.of(results).conversation_touched.value <= THRESHOLDS[part]["conversation_touched"]


def test_no_language_falls_behind(part: Part, results: list[ClassifiedText]) -> None:
    """The whole may hold while one language breaks; the message names ids of no text, only languages."""
    reached = {
        language: Figures.of(group).found.value
        for language, group in by(results, lambda one: one.example.language).items()
    }
    floors: dict[str, float] = THRESHOLDS[part]["languages_found"]
    assert {language: reached[language] for language, floor in floors.items() if reached[language] < floor} == {}
