"""The pattern language of requests, and who acts in them."""

from __future__ import annotations

import pytest

from rules.build import grammar
from rules.sources import sentence_files
from sms_consent.intent.grammar import ClauseBits, Elements
from sms_consent.intent.lexicon import Agency, Lexicon, Who
from sms_consent.intent.normalisation import fold

PACK = {
    "language": "xx",
    "parts": {"END": "stop cease_and_desist", "ACT": "texting", "ME": "me", "FILL": "please now", "NEG": "not"},
    "breakers": "because",
}
FRAMES = [{"id": "never", "patterns": ["w:never END"]}]
LEXICON = Lexicon(grammar(PACK, FRAMES) | {"has_slips": False, "has_weights": False, "has_reliable_weights": False})
ELEMENTS = Elements(LEXICON.bits)


def _matches(pattern: str, text: str) -> list[tuple[int, int]]:
    row = LEXICON.row(fold(text).words)
    return list(ClauseBits(row, LEXICON.bits["BREAK"]).matches(ELEMENTS.pattern(pattern)))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("END ACT", "stop texting", [(0, 2)]),
        ("END ACT", "stop please texting", []),
        ("END FILL* ACT", "stop please now texting", [(0, 4)]),
        ("END ME? ACT", "stop texting", [(0, 2)]),
        ("END|NEG ACT", "not texting", [(0, 2)]),
        ("END ..2 ME", "stop it with me", [(0, 4)]),
        ("END ..2 ME", "stop all of it with me", []),
        ("END ..3 ME", "stop because of me", []),
        ("END !ACT ME?", "stop texting", []),
        ("END !ACT", "stop me", [(0, 1)]),
        ("< END", "please stop", [(1, 2)]),
        ("< END", "bus stop", []),
        ("END >", "stop please now", [(0, 1)]),
        ("END >", "stop here", []),
        ("END ACT|>", "stop", [(0, 1)]),
        ("END ME", "cease and desist me", [(0, 4)]),
        ("w:never END", "never stop", [(0, 2)]),
        ("END", "stop stop", [(0, 1), (1, 2)]),
    ],
)
def test_a_pattern_matches_a_row_of_parts(pattern: str, text: str, found: list[tuple[int, int]]) -> None:
    """Each element of the language, once where it matches and once where it does not."""
    assert _matches(pattern, text) == found


def test_many_repetitions_of_everything_take_no_time() -> None:
    """Rows of bits have nothing to go back to, unlike a regular expression of the same kind."""
    assert _matches("END FILL* FILL* FILL* FILL* FILL* ACT", "stop " + "please " * 300) == []


ENGLISH = next(pack for pack in sentence_files("en"))
GRAMMAR = Lexicon(grammar(ENGLISH, []) | {"has_slips": False, "has_weights": False, "has_reliable_weights": False})


@pytest.mark.parametrize(
    ("before", "who"),
    [
        ("", Who.ASKED),
        ("please", Who.ASKED),
        ("can you", Who.ASKED),
        ("you need to", Who.ASKED),
        ("i told you to", Who.ASKED),
        ("i would like to", Who.WANTED),
        ("how do i", Who.HOW),
        ("why wont you", Who.COMPLAINT),
        ("these texts wont", Who.COMPLAINT),
        ("i will", Who.MINE),
        ("i cant", Who.UNABLE),
        ("he will", Who.OTHER),
        ("did you", Who.OTHER),
        ("lets", Who.OTHER),
        ("what happens if i", Who.OTHER),
        ("dont", Who.NEGATED),
        ("i dont want to", Who.NEGATED),
        ("you dont have to", Who.NEGATED),
        ("the next", Who.NOUN),
        ("wrong guy", Who.UNKNOWN),
    ],
)
def test_the_words_before_a_verb_say_who_acts(before: str, who: Who) -> None:
    """The same verb is a request, a refusal or a report."""
    words = fold(before).words
    assert Agency(GRAMMAR).before(GRAMMAR.row(words).merged(len(words))) is who
