"""What is looked up in a sorted list is what was put there, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sms_consent.intent.lookup import SortedLookup, joined

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
