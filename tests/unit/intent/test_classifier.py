"""The rules as a whole: any text, the time limit, and the explanation."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sources import sentence_files
from sms_consent.intent import RULES_VERSION, Classification, Intent, RuleSet, lexicon
from sms_consent.intent.non_authored_text import OwnReplies
from sms_consent.intent.normalisation import fold_keyword

RULES = RuleSet()
BITS_OF = lexicon.bits_of
WORDS = [
    "stop",
    "texting",
    "me",
    "please",
    "STOP",
    "no",
    "más",
    "mensajes",
    "退订",
    "“",
    "”",
    ">",
    "\n",
    ".",
    "🛑",
    "liked",
    "$top",
    "'",
]


@given(st.text(st.characters(), max_size=300) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_classified_without_an_error(text: str) -> None:
    """Lone surrogates, NUL, unassigned characters, and words in any order."""
    result = RULES.classify(text, ours=lambda: OwnReplies([text[:50]]), sent=lambda _: True)
    assert result.rules_version == RULES_VERSION


@given(st.text(st.characters(), max_size=300))
def test_evidence_is_always_a_part_of_the_text(text: str) -> None:
    """What the ledger keeps must be what was sent."""
    explanation = RULES.explain(text)
    assert [explanation.text[start:end] for start, end in explanation.spans][:1] in (
        [],
        [explanation.classification.matched],
    )


@pytest.mark.parametrize(
    "text", ["", " ", "🛑", "?!…", "x", "a" * 100_000, "\u202e\u200f\u200e", "\ud800\udfff\ud800", "\x00", "é"]
)
def test_a_text_without_a_request_is_none(text: str) -> None:
    """Empty, only emoji, only punctuation, one letter, 100,000 letters, marks, lone surrogates, NUL."""
    assert RULES.classify(text).intent is Intent.NONE


LONG = [
    "a",
    "stop ",
    "stop texting me ",
    "é",
    "\u200b",
    "> ",
    '"',
    "退订",
    "1",
    "a.",
    "don't ",
    "🛑",
    "“liked” ",
    "no más mensajes ",
]


@pytest.mark.parametrize("piece", LONG)
def test_a_text_of_100_000_letters_is_classified_at_once(piece: str) -> None:
    """The time is linear in the length, whatever the text; the measured time is a tenth of the limit."""
    text = (piece * 100_000)[:100_000]
    RULES.classify(text)
    begun = time.process_time()
    RULES.classify(text)
    assert time.process_time() - begun < 0.1


def test_a_keyword_in_a_very_long_text_of_white_space_is_still_one() -> None:
    """Length is no reason to lose a STOP."""
    assert RULES.classify(" " * 50_000 + "STOP" + "\n" * 50_000).intent is Intent.OPT_OUT


def test_an_explanation_shows_the_rule_and_the_words() -> None:
    """Enough to answer "why was I opted out?" years later."""
    explanation = RULES.explain("Hi! Please take me OFF your list")
    assert explanation.classification.rule == "sentence:en/remove-from-list"
    assert [explanation.text[start:end] for start, end in explanation.spans] == [explanation.classification.matched]
    assert explanation.normalised == "hi please take me off your list"
    assert [explanation.normalised[start:end] for start, end in explanation.normalised_spans] == [
        "take me off your list"
    ]


def test_an_explanation_finds_the_words_behind_characters_that_fold_into_more() -> None:
    """Offsets hold although ﷽ becomes four words and ß two letters."""
    explanation = RULES.explain("﷽ groß ﬁne. Please quit ﬂooding me")
    assert explanation.classification.matched == "quit ﬂooding me"


def test_the_words_of_sentences_are_written_as_texts_are_folded() -> None:
    """An accent or a capital in a list would never match."""
    wrong = [
        (pack["language"], part, entry)
        for pack in sentence_files()
        for part, listed in {**pack["parts"], "common": pack["common"]}.items()
        for entry in listed.split()
        if entry not in "🛑🚫⛔" and "#" not in entry
        if "_".join(map(fold_keyword, entry.strip("*").split("_"))) != entry.strip("*")
    ]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("text", ["dont contact me", "перестаньте писать", "不要再给我发短信了"])
def test_a_text_is_classified_alike_while_another_thread_loads_words(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts are classified concurrently, and the first that needs a language loads it: here, at each of its words."""
    expected, reader, places = RULES.classify(text), _warm_rules(), list[str]()
    monkeypatch.setattr(lexicon, "bits_of", lambda each: places.append(each) or BITS_OF(each))
    assert reader.classify(text) == expected
    for first in (0, *range(max(0, len(places) - 30), len(places))):  # vocabularies come first, a language's words last
        _classify_twice_at_once(text, expected, first, monkeypatch)


def _warm_rules() -> RuleSet:
    """Return rules that have loaded what all texts need, which happens under a lock."""
    reader = RuleSet()
    reader.classify("hm")
    return reader


def _classify_twice_at_once(text: str, expected: Classification, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From some word on, another thread reads the text whenever this one makes a word ready."""
    reader, found, calls, result = _warm_rules(), set[Classification](), count(), threading.Lock()

    def bits_of(places: str) -> int:
        if next(calls) >= first and result.acquire(blocking=False):
            try:
                with ThreadPoolExecutor(1) as other:
                    found.add(other.submit(reader.classify, text).result())
            finally:
                result.release()
        return BITS_OF(places)

    monkeypatch.setattr(lexicon, "bits_of", bits_of)
    assert reader.classify(text) == expected
    assert found == {expected}
