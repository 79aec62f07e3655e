"""Which words of a text are its sender's own: not reactions, quotations, automatic replies, or our own texts coming back.

The others are set aside, and what is left is read like any other text, except that it opts nobody in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.intent.echo import without_reply
from sms_consent.intent.instruction import Instruction
from sms_consent.intent.normalisation import Folded, Word
from sms_consent.intent.quotation import Quotation

__all__ = ["NonAuthoredText", "OwnWords"]

_BEGINNING = 50  # words within which an automatic reply says that it is one


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The sender's own words; ``rule`` says why others were set aside, ``by_machine`` that no person writes those."""

    words: Sequence[Word]
    rule: str | None = None
    by_machine: bool = False


class NonAuthoredText:
    """Knows the forms in which phones and machines send words that are not the sender's."""

    def __init__(self, prepared: Mapping[str, Any]) -> None:
        self._quotation = Quotation(prepared["quotation"], frozenset(prepared["instruction"]["verbs"].split("|")))
        self._instruction = Instruction(prepared["instruction"])
        self._automatic: list[str] = prepared["automatic"].split("|")
        self._spoken = frozenset(prepared["spoken"].split("|"))
        self._hints: list[str] = prepared["hints"].split("|")

    @cached_property
    def _unspaced(self) -> list[str]:
        return [phrase for phrase in self._automatic if not phrase.isascii()]

    @cached_property
    def _by_first_word(self) -> dict[str, list[list[str]]]:
        """What automatic replies say of themselves, by the first word; in scripts without spaces see ``_unspaced``."""
        phrases: dict[str, list[list[str]]] = {}
        for phrase in self._automatic:
            words = phrase.split()
            phrases.setdefault(words[0], []).append(words)
        return phrases

    def own_words(self, folded: Folded, keywords: Mapping[str, object], echo: str | None) -> OwnWords:
        """Return the words that the sender wrote; ``echo`` is a reply of ours of which the text is a copy."""
        words: Sequence[Word] = folded.words
        rule = None
        if reaction := self._quotation.reaction(folded):
            rule, words = reaction
        phrases = self._phrases(folded, words)
        if phrases:
            words, rule = _without(words, phrases), rule or "immune:automatic-reply"
        first = rule
        if echo:
            words, rule = without_reply(words, echo), first or "immune:own-reply"
        kept = self._quotation.without(folded, words)
        if len(kept) < len(words):
            words, rule = kept, first or "immune:quotation"
        kept = self._instruction.without(folded, words, keywords)
        if len(kept) < len(words):
            words, rule = kept, first or "immune:instruction"
        return OwnWords(words, rule, by_machine=any(phrase not in self._spoken for phrase in phrases))

    def is_told(self, keyword: str) -> bool:
        """Tell whether a keyword is one that automatic texts tell people to send."""
        return self._instruction.is_told(keyword)

    def instructs(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> bool:
        """Tell whether words tell somebody what to text, however few they are: "Reply START to resubscribe"."""
        return self._instruction.tells(folded, words, keywords)

    def is_instruction(self, folded: Folded, keyword: Word) -> bool:
        """Tell whether a short text goes on after a keyword in capitals as instructions do: "STOP to ..."."""
        return self._instruction.goes_on(folded, keyword)

    def may_be_automatic(self, folded: Folded) -> bool:
        """Tell whether a text says what automatic replies often say, and people too: "I'm in a meeting"."""
        key = f" {folded.key} "
        return any(f" {hint} " in key if hint.isascii() else hint in key for hint in self._hints)

    def _phrases(self, folded: Folded, words: Sequence[Word]) -> Sequence[str]:
        """Return what the text says of itself in the words of automatic replies."""
        beginning = [word.text for word in words[:_BEGINNING]]
        phrases = self._by_first_word
        found: list[str] = []
        if not phrases.keys().isdisjoint(beginning):
            for place in [place for place, text in enumerate(beginning) if text in phrases]:
                begun = phrases[beginning[place]]
                found += [" ".join(phrase) for phrase in begun if beginning[place : place + len(phrase)] == phrase]
        if not folded.text.isascii() and not (key := f" {' '.join(beginning)} ").isascii():
            found += [phrase for phrase in self._unspaced if phrase in key and phrase not in found]
        return found


def _without(words: Sequence[Word], phrases: Sequence[str]) -> Sequence[Word]:
    """Return the words without phrases, which may begin and end within a word; what one leaves of a word stays a word."""
    key = " ".join(word.text for word in words)
    gone = [False] * len(key)
    for phrase in phrases:
        begin = -1
        while (begin := key.find(phrase, begin + 1)) >= 0:
            if _stands_alone(key, begin, begin + len(phrase)) or not phrase.isascii():
                gone[begin : begin + len(phrase)] = [True] * len(phrase)
    kept: list[Word] = []
    place = 0
    for word in words:
        end = place + len(word.text)
        left = [at for at in range(place, end) if not gone[at]]
        if len(left) == len(word.text):
            kept.append(word)
        elif left:
            kept += _pieces(word, [at - place for at in left])
        place = end + 1
    return kept


def _stands_alone(key: str, begin: int, end: int) -> bool:
    return key[begin - 1 : begin] in ("", " ") and key[end : end + 1] in ("", " ")


def _pieces(word: Word, left: Sequence[int]) -> list[Word]:
    """Return what is left of a word before and after letters that are gone."""
    pieces: list[Word] = []
    begin = left[0]
    for at, following in zip(left, [*left[1:], -1], strict=True):
        if following != at + 1:
            start = min(word.start + begin, word.end - 1)
            pieces.append(Word(word.text[begin : at + 1], start, min(word.start + at + 1, word.end)))
            begin = following
    return pieces
