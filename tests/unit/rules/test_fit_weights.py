"""Weights are fitted to labels, not to word frequencies; the same texts give the same weights."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from rules import fit_weights
from rules.fit_weights import RAREST, SMALLEST, Weighed, conversation, described, fitted, total_of

ASKS = [Weighed([["stop", "texts", name]], asking=False, asks=True) for name in "abcdefgh"]
LIKES = [Weighed([["love", "texts", name]], asking=False, asks=False) for name in "abcdefgh"]
TEXTS = ASKS + LIKES


def test_a_word_weighs_for_what_it_tells_apart() -> None:
    """A word of both kinds weighs least, whatever its number."""
    bias, weights = fitted(TEXTS)
    assert weights["stop"] > abs(weights["texts"])
    assert weights["love"] < -abs(weights["texts"])
    for text in TEXTS:
        assert (total_of(text, bias, weights) > 0) is text.asks


def test_the_same_texts_give_the_same_weights() -> None:
    """So a difference between two files comes from texts or from the program."""
    assert fitted(TEXTS) == fitted(TEXTS)


def test_a_word_of_few_texts_weighs_nothing() -> None:
    """It tells of those only."""
    rare = [Weighed([["stop", "zebra"]], asking=False, asks=True)] * (RAREST - 1)
    _, weights = fitted([*TEXTS, *rare])
    assert "zebra" not in weights


def test_a_question_mark_is_weighed_once_for_the_text() -> None:
    """Not for the clause in which it stands."""
    texts = [
        Weighed([["texts", name], ["stop"]], asking=asking, asks=not asking)
        for asking, name in product((True, False), "abcdefgh")
    ]
    bias, weights = fitted(texts)
    assert all((total_of(text, bias, weights) > 0) is text.asks for text in texts)


def test_what_is_written_is_what_was_fitted(tmp_path: Path) -> None:
    """Rounded, by weight, without the lightest."""
    content = described("xx", -1.234, {"stop": 0.91, "me~now": 0.9, "a": SMALLEST / 2}, [])
    assert json.loads(json.dumps(content["weights"])) == {"0.9": "me~now|stop"}
    assert content["bias"] == -1.23


def test_half_of_a_collection_is_fitted_to_and_always_the_same_half(tmp_path: Path) -> None:
    """The other half stays a measure."""
    path = tmp_path / "SMSSpamCollection"
    path.write_text("".join(f"ham\ttext number {at}\n" for at in range(400)), encoding="utf-8")
    drawn = conversation(path)
    assert 160 < len(drawn) < 240
    assert conversation(path) == drawn


@pytest.mark.parametrize("clauses", [[], [[]]])
def test_a_text_without_features_is_classified_by_the_bias_alone(clauses: list[list[str]]) -> None:
    """Whether it has clauses or not."""
    assert total_of(Weighed(clauses, asking=False, asks=False), -0.5, {"stop": 2.0}) == -0.5


def test_dropout_gives_weight_to_correlated_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """If one word decides every text, words beside it get weights too: another text may lack that word."""
    texts = [Weighed([["stop", *(["now"] if at % 2 else [])]], asking=False, asks=True) for at in range(20)] + LIKES * 2
    monkeypatch.setattr(fit_weights, "LEFT_OUT", 0.0)
    _, without = fitted(texts)
    monkeypatch.setattr(fit_weights, "LEFT_OUT", 0.4)
    _, weights = fitted(texts)
    assert weights["now"] / weights["stop"] > 1.2 * without["now"] / without["stop"]
