"""Answers that are given again: as they were, few enough, and never for what is too long to be a word."""

from __future__ import annotations

from sms_consent.intent import lookup as remembered
from sms_consent.intent.lookup import BoundedCache


def test_what_is_asked_again_is_not_worked_out_again() -> None:
    """The same words come in text after text."""
    asked: list[str] = []

    def answer(word: str) -> int:
        asked.append(word)
        return len(word)

    lengths = BoundedCache[str, int](answer)
    assert [lengths["stop"], lengths["stop"]] == [4, 4]
    assert asked == ["stop"]


def test_hostile_texts_do_not_fill_the_memory() -> None:
    """Neither by many words nor by long ones."""
    lengths = BoundedCache[str, int](len)
    assert all(lengths[str(number)] == len(str(number)) for number in range(3 * remembered._MOST))
    assert len(lengths) <= remembered._MOST
    before = len(lengths)
    assert lengths["a" * 4_000] == 4_000
    assert len(lengths) == before
