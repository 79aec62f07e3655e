"""Results of classification, with the evidence that the ledger stores."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sms_consent.intent.rules_version import RULES_VERSION

__all__ = ["NOTHING", "RULES_VERSION", "Classification", "Explanation", "Found", "Intent", "Spans", "Tier"]

Spans = tuple[tuple[int, int], ...]
"""Places of words: the index of the first character and the one after the last."""


class Intent(StrEnum):
    """What a text asks for. UNCLEAR: a reasonable person might mean an opt-out by it (47 CFR 64.1200(a)(10))."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"
    HELP = "HELP"
    NONE = "NONE"
    UNCLEAR = "UNCLEAR"


class Tier(StrEnum):
    """The certainty of a classification, highest first. A deployment chooses an action for each tier."""

    KEYWORD = "KEYWORD"  # the whole message is a keyword
    COMPANY = "COMPANY"  # a keyword beside words that ask for nothing: "STOP please"
    MISSPELT = "MISSPELT"  # a misspelt keyword: "stpo"
    SENTENCE = "SENTENCE"  # a sentence that asks for it: "please take me off your list"
    UNCLEAR = "UNCLEAR"  # may or may not mean an opt-out: "wrong number"


@dataclass(frozen=True, slots=True)
class Classification:
    """The intent of one text. ``rule`` is a stable id, ``matched`` the deciding words as the sender wrote them."""

    intent: Intent
    tier: Tier | None
    rule: str
    matched: str
    language: str | None
    rules_version: str
    everyday: bool = False
    """An opt-in by a word that is also an ordinary answer. It counts only for a person who has opted out."""


NOTHING = Classification(Intent.NONE, None, "none", "", None, RULES_VERSION)
"""No rule applied."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A classification with its explanation: the normalised text, and the positions of the deciding words.

    ``spans`` are (start, end) offsets into ``text``, the text in Unicode form NFC; ``normalised_spans``
    are those of the same words in ``normalised``.
    """

    classification: Classification
    text: str
    normalised: str
    spans: Spans
    normalised_spans: Spans


class Found(NamedTuple):
    """A request, and the span of its words in the folded text."""

    intent: Intent
    rule: str
    start: int
    end: int
    language: str | None
