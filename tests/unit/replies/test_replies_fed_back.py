"""Our own replies as input: they have no intent, and the keywords that they name are understood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sms_consent.domain.reply import ReplyKind
from sms_consent.intent import Intent, RuleSet, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.replies import Replies

REPLIES = Replies(brand="Example Pharmacy", support_contact="help@example.com")
CLASSIFIER = Classifier(RuleSet(), REPLIES)
BODIES = sorted({REPLIES.compose(kind, language).body for kind in ReplyKind for language in REPLIES.languages})
TOLD = ("STOP", "ARRET", "BAJA", "SAIR", "STOPP")


def _pieces(most: int) -> Iterator[str]:
    """Word sequences from every reply: all of a few words, all beginnings and all ends."""
    for words in map(str.split, BODIES):
        for first in range(len(words)):
            for last in range(first + 1, len(words) + 1):
                if not first or last == len(words) or last - first <= most:
                    yield " ".join(words[first:last])


PIECES = list(dict.fromkeys(_pieces(most=3)))


@pytest.mark.parametrize("kind", ReplyKind)
def test_a_reply_that_comes_back_asks_for_nothing(kind: ReplyKind) -> None:
    """A number that forwards or echoes texts must not be opted out, nor answered for ever, by our own words."""
    read = {
        language: CLASSIFIER.classify(REPLIES.compose(kind, language).body).intent for language in REPLIES.languages
    }
    assert read == dict.fromkeys(REPLIES.languages, Intent.NONE)


def test_no_fragment_of_a_reply_opts_in_or_asks_for_help() -> None:
    """In any language, wherever it is cut: without a look-up. A keyword alone is what replies ask people to write."""
    opening = [
        piece
        for piece in PIECES
        for result in [CLASSIFIER.classify(piece)]
        if result.intent in (Intent.OPT_IN, Intent.HELP) and result.tier is not Tier.KEYWORD
    ]
    assert opening == []


@pytest.mark.parametrize("form", ["{} {}", "{1} {0}", "(2/2) {1}"])
def test_no_two_fragments_of_a_reply_opt_in(form: str) -> None:
    """Parts of a long text may arrive in any order, or with their number."""
    halves = [
        (" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])) for words in map(str.split, BODIES)
    ]
    assert [half for half in halves if CLASSIFIER.classify(form.format(*half)).intent is Intent.OPT_IN] == []


def test_a_piece_that_begins_with_the_word_to_send_opts_out() -> None:
    """ "STOP to opt out" is what a person writes who copies too much."""
    begun = [piece for piece in PIECES if piece.split()[0].strip(".,:") in TOLD]
    assert len(begun) > 50
    assert [piece for piece in begun if CLASSIFIER.classify(piece).intent is not Intent.OPT_OUT] == []


@pytest.mark.parametrize("text", ["please opt me back in", "I want to opt back in", "start please", "resubscribe me"])
def test_a_person_who_wants_to_come_back_is_understood(text: str) -> None:
    """In words of their own, or among them."""
    assert CLASSIFIER.classify(text).intent is Intent.OPT_IN


@pytest.mark.parametrize(
    ("word", "intent"),
    [
        ("STOP", Intent.OPT_OUT),
        ("ARRET", Intent.OPT_OUT),
        ("START", Intent.OPT_IN),
        ("START.", Intent.OPT_IN),
        ("HELP", Intent.HELP),
        ("AIDE", Intent.HELP),
    ],
)
def test_a_word_that_replies_name_is_understood(word: str, intent: Intent) -> None:
    """A person who sends the word that a reply names gets what it promised."""
    assert CLASSIFIER.classify(word).intent is intent
