"""What a text asks for, and the evidence for it, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sms_consent.intent.rules_version import RULES_VERSION

__all__ = ["NOTHING", "RULES_VERSION", "Classification", "Explanation", "Found", "Intent", "Spans", "Tier"]

Spans = tuple[tuple[int, int], ...]
"""Where words stand: the first character's place, and the one after the last's."""


class Intent(StrEnum):
    """What the sender asks for. UNCLEAR is a text with which a reasonable person might mean an opt-out."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"
    HELP = "HELP"
    NONE = "NONE"
    UNCLEAR = "UNCLEAR"


class Tier(StrEnum):
    """How strong the evidence is, strongest first; each is a deployment's to act on or not."""

    KEYWORD = "KEYWORD"  # the whole message is a keyword
    COMPANY = "COMPANY"  # a keyword among words that ask for nothing else: "STOP please"
    MISSPELT = "MISSPELT"  # a keyword, wrongly typed: "stpo"
    SENTENCE = "SENTENCE"  # a sentence that asks for it: "please take me off your list"
    UNCLEAR = "UNCLEAR"  # may be meant so, or not: "wrong number"


@dataclass(frozen=True, slots=True)
class Classification:
    """One text's meaning. ``rule`` is a stable id, ``matched`` the deciding words as the sender wrote them."""

    intent: Intent
    tier: Tier | None
    rule: str
    matched: str
    language: str | None
    rules_version: str
    everyday: bool = False
    """An opt-in by a word that is also an ordinary answer: it counts only for a person who opted out before."""


NOTHING = Classification(Intent.NONE, None, "none", "", None, RULES_VERSION)
"""A text that no rule spoke of."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reading with what a person needs to follow it: the text as the rules saw it, and where the words stand.

    ``spans`` are (start, end) offsets into ``text``, which is what was read in Unicode form NFC; ``normalised_spans``
    are those of the same words in ``normalised``.
    """

    reading: Classification
    text: str
    normalised: str
    spans: Spans
    normalised_spans: Spans


class Found(NamedTuple):
    """A request, and the place in the folded text of the words that make it."""

    intent: Intent
    rule: str
    start: int
    end: int
    language: str | None
