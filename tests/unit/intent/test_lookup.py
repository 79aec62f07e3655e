"""Sorted look-up finds what was put in, and nothing else; the cache is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sms_consent.intent import lookup
from sms_consent.intent.lookup import BoundedCache, SortedLookup, joined

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="^|"))
ROWS = st.dictionaries(WORDS, st.text(st.characters(codec="utf-8", exclude_characters="^")), min_size=1)


@given(ROWS, WORDS)
def test_each_key_has_its_own_value(rows: dict[str, str], other: str) -> None:
    """A key that begins another's, or holds letters that sort beside the sign between them, is not mistaken for it."""
    lines = SortedLookup(joined(rows))
    for key, value in rows.items():
        assert lines.get(key) == value
    assert lines.get(other) == rows.get(other)


def test_nothing_is_found_in_an_empty_list() -> None:
    """Nor past its end."""
    assert SortedLookup("").get("a") is None


def test_a_cached_answer_is_not_computed_again() -> None:
    """The same words come in text after text."""
    keys: list[str] = []

    def answer(word: str) -> int:
        keys.append(word)
        return len(word)

    lengths = BoundedCache[str, int](answer)
    assert [lengths["stop"], lengths["stop"]] == [4, 4]
    assert keys == ["stop"]


def test_hostile_texts_do_not_fill_the_memory() -> None:
    """Neither by many words nor by long ones."""
    lengths = BoundedCache[str, int](len)
    assert all(lengths[str(number)] == len(str(number)) for number in range(3 * lookup._MOST))
    assert len(lengths) <= lookup._MOST
    before = len(lengths)
    assert lengths["a" * 4_000] == 4_000
    assert len(lengths) == before
