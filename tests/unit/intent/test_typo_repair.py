"""A short text without a request is classified again after typo repair; ordinary words are not changed."""

from __future__ import annotations

import pytest

from sms_consent.intent import Classification, RuleSet
from sms_consent.intent.lookup import joined
from sms_consent.intent.typos import Halves, halves

RULES = RuleSet()


def _classified(text: str) -> Classification:
    return RULES.classify(text)


@pytest.mark.parametrize(
    "text",
    [
        "take me of flist",  # a letter on the wrong side of a space
        "remov efrom list",
        "please takenoff my number from this",  # no space
        "requset removal",  # swapped
        "scrap my text alrets",
        "Nnca más me escriban",  # left out
        "Bitte lösxht meine Nummer",  # the key beside
        "du balai avec vos mesages, suprimez mon numéro",
        "Quit nwo",  # company of three letters
    ],
)
def test_one_slip_hides_no_request(text: str) -> None:
    """Whatever word has it, and whichever finger made it."""
    assert _classified(text).intent == "OPT_OUT"


@pytest.mark.parametrize(
    "text",
    [
        "end unit please",  # not "un it"
        "put in my chart no latex please",  # not "tex"
        "no more tents for the scouts",  # not "texts"
        "Parei de receber os códigos de acesso, podem verificar?",  # not "pare"
        "Eliminamos el azúcar de la dieta como nos dijo la nutrióloga",
        "Vous n'envoyez plus le catalogue par la poste ?",
    ],
)
def test_an_ordinary_word_is_no_slip(text: str) -> None:
    """Though a request is one letter away."""
    assert _classified(text).intent != "OPT_OUT"


def test_a_text_is_repaired_for_an_opt_out_only() -> None:
    """A slip in a request for texts is not repaired, and a text that is understood is not either."""
    assert _classified("lets keep the mesages comming").intent != "OPT_OUT"
    assert _classified("rmeove me from your list and add my sister").intent != "OPT_IN"


def test_a_decision_after_repair_quotes_the_words_as_written() -> None:
    """So that the evidence is what was sent."""
    result = _classified("requset removal")
    assert result.rule
    assert result.matched
    assert result.matched in "requset removal"


@pytest.mark.parametrize("word", ["text", "texts", "remove", "unsubscribe"])
def test_every_single_slip_leads_back(word: str) -> None:
    """Left out, doubled or swapped anywhere: one half of the word is as it was."""
    beside = Halves(joined(dict.fromkeys(halves(word), word)))
    slips = {word[:i] + word[i + 1 :] for i in range(len(word))} if len(word) > 5 else set()
    slips |= {word[:i] + word[i] + word[i:] for i in range(len(word))}
    slips |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    for slip in slips - {word}:
        assert beside.beside(slip) == [word], slip


def test_a_long_text_is_not_repaired() -> None:
    """In seventeen words one slip tells too little."""
    assert (
        _classified(
            "requset removal " + "and we had such a lovely long dinner with all of my dear friends again"
        ).intent
        == "NONE"
    )
