"""The linear model finds requests, and overrules doubtful matches of patterns."""

import json
from pathlib import Path

import pytest

from rules.sources import FOLDER
from sms_consent.intent import Intent, RuleSet, Tier
from sms_consent.intent import linear_model as weighing
from sms_consent.intent.lookup import load_rules

RULES = RuleSet()
PATTERNS_ONLY = RuleSet(linear_model=False)
WEIGHTS = sorted((FOLDER / "weights").glob("*.json"))


@pytest.mark.parametrize(
    "text",
    [
        "take this number and toss it off your text roster today",
        "I beg you erase all trace of my number there",
        "would rather my number wasn't used by you guys for texts",
    ],
)
def test_a_request_that_no_pattern_matches_is_found_by_its_words(text: str) -> None:
    """By what each weighs; the evidence names the clause that says most."""
    assert PATTERNS_ONLY.classify(text).intent is Intent.NONE
    result = RULES.classify(text)
    assert (result.intent, result.tier, result.rule) == (Intent.OPT_OUT, Tier.SENTENCE, "sentence:en/weighed")
    assert result.matched in text


@pytest.mark.parametrize(
    "text",
    [
        "thanks for the texts, I enjoy every one",
        "text me the address of the store please",
        "can you send me the list again",
    ],
)
def test_words_of_texts_alone_make_no_request(text: str) -> None:
    """Who likes them uses the same words."""
    assert RULES.classify(text).intent is Intent.NONE


def test_a_request_of_a_doubtful_pattern_is_unclear_if_the_weights_contradict_it() -> None:
    """A match of such a pattern in conversation is mostly wrong, and a question does no harm."""
    text = "Great. I'm in church now, will holla when i get out"
    assert PATTERNS_ONLY.classify(text).intent is Intent.OPT_OUT
    result = RULES.classify(text)
    assert (result.intent, result.tier) == (Intent.UNCLEAR, Tier.UNCLEAR)


def test_a_clear_request_counts_whatever_else_the_text_says() -> None:
    """A request in any clause counts."""
    text = "Lovely day here, the kids are at the lake and we ate ice cream. Grandma says hi! And stop texting me."
    assert RULES.classify(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize("path", WEIGHTS, ids=lambda path: path.stem)
def test_weights_say_what_they_are_and_where_they_come_from(path: Path) -> None:
    """And each can be looked up by its mark, once."""
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["title"]
    assert "rules/fit_weights.py" in data["source"]
    marks = [mark for listed in data["weights"].values() for mark in listed.split("|")]
    assert len(marks) == len(set(marks)) > 1000
    assert all(float(weight) for weight in data["weights"])


@pytest.mark.parametrize("path", WEIGHTS, ids=lambda path: path.stem)
def test_weights_add_up_alike_in_any_order(path: Path) -> None:
    """They are integers: sets have no order, and every process must classify a text alike."""
    listed = load_rules(f"weights/{path.stem}")["features"].split("^")
    weights = [weight for line in listed for weight in line.split("|")[1].split(" ")]
    assert all(str(int(weight)) == weight for weight in weights)
    assert min(map(int, weights)) < -weighing.WHOLE < weighing.WHOLE < max(map(int, weights))
