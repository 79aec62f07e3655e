"""Sentences, keywords beside other words and misspellings: requests and texts that look like them, by language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_consent.intent import Intent, RuleSet, Tier

RULES = RuleSet()
EXAMPLES = Path(__file__).with_name("examples")


def _wrong(path: Path) -> Iterator[tuple[str, str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, text = line.split("  ", 1)
            intent = RULES.classify(text).intent.value
            if intent != label:
                yield label, intent, text


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_examples_are_classified_as_labelled(path: Path) -> None:
    """Requests are found, and texts that come near are left alone; a test for each text would take longer than the texts."""
    assert list(_wrong(path)) == []


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("STOP", Tier.KEYWORD),
        ("STOP please", Tier.COMPANY),
        ("Stop. Thank you", Tier.COMPANY),
        ("cancel this", Tier.COMPANY),
        ("stop 12345", Tier.COMPANY),
        ("stpo", Tier.MISSPELT),
        ("unsubcribe me pls", Tier.MISSPELT),
        ("s t o p", Tier.MISSPELT),
        ("5top", Tier.MISSPELT),
        ("$top", Tier.MISSPELT),
        ("stop2end", Tier.MISSPELT),
        ("please take me off your list", Tier.SENTENCE),
        ("wrong number", Tier.UNCLEAR),
        ("ok thanks", None),
    ],
)
def test_a_classification_names_its_tier(text: str, tier: Tier | None) -> None:
    """A deployment acts on tiers, so the weakest that fits would opt too few people out, the strongest too many."""
    assert RULES.classify(text).tier is tier


@pytest.mark.parametrize(
    "word", ["shop", "step", "top", "spot", "stoop", "quiet", "quite", "star", "remote", "hello", "cancer"]
)
def test_a_known_word_is_no_misspelling(word: str) -> None:
    """One letter away from a keyword, and a word."""
    assert RULES.classify(word).intent is Intent.NONE


def test_an_opt_out_counts_before_an_opt_in() -> None:
    """Where a text asks for both, the safe side is out."""
    assert RULES.classify("start stop").intent is Intent.OPT_OUT


def test_yes_opts_in_only_as_the_whole_message() -> None:
    """It is the commonest answer to a question."""
    assert [RULES.classify(text).intent for text in ("YES", "yes please", "yes thanks")] == [
        Intent.OPT_IN,
        Intent.NONE,
        Intent.NONE,
    ]


@pytest.mark.parametrize(
    "text", ["退订谢谢", "请退订", "配信停止してください", "수신거부 부탁드립니다", "别再给我发短信了"]
)
def test_a_script_without_spaces_is_cut_into_words(text: str) -> None:
    """Chinese and Japanese put none, Korean joins endings to words."""
    assert RULES.classify(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ya no me manden mensajes", "es"),
        ("ne m'envoyez plus de sms", "fr"),
        ("bitte keine SMS mehr", "de"),
        ("не пишите мне больше", "ru"),
        ("stop texting me", "en"),
    ],
)
def test_a_sentence_determines_the_language_of_the_reply(text: str, language: str) -> None:
    """The reply is written in the language of the request."""
    assert RULES.classify(text).language == language


@pytest.mark.parametrize("text", ["verschont mich mit Parteiwerbung", "inga reklamutskick, tack"])
def test_a_compound_is_known_by_its_ending(text: str) -> None:
    """German and the Nordic languages join words without end: no list holds them all."""
    assert RULES.classify(text).intent is Intent.OPT_OUT


def test_a_script_without_spaces_may_begin_in_latin_letters() -> None:
    """SMS is written so in Japanese and Chinese too."""
    assert RULES.classify("SMSを送るのをやめてもらえますか").intent is Intent.OPT_OUT


def test_the_deciding_words_are_quoted_as_written() -> None:
    """Evidence for the ledger: these words, not the whole text."""
    result = RULES.classify("I ordered once.  Pls  QUIT bothering  me, ok? Thanks")
    assert (result.rule, result.matched) == ("sentence:en/end-contact", "QUIT bothering  me")


def test_a_stop_in_a_separate_sentence_is_found() -> None:
    """The words around it ask for nothing that could change it."""
    result = RULES.classify("We sold that house years ago. STOP.")
    assert (result.tier, result.rule) == (Tier.COMPANY, "company:aws/STOP")
