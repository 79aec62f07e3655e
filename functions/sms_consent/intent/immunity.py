"""Which words of a text are its sender's own: not reactions, quotations, automatic replies, or our own texts coming back.

The others are set aside, and what is left is read. A text of which nothing is left asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.intent.folding import Folded, Word, fold
from sms_consent.intent.instruction import Instruction
from sms_consent.intent.quotation import Quotation

__all__ = ["Immunity", "OwnWords"]

_ECHO = 4  # words of ours, in a row, that are no coincidence
_BEGINNING = 50  # words within which an automatic reply says that it is one


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The sender's own words; ``rule`` says why others were set aside."""

    words: Sequence[Word]
    rule: str | None = None


class Immunity:
    """Knows the forms in which phones and machines send words that are not the sender's."""

    def __init__(self, prepared: Mapping[str, Any]) -> None:
        self._quotation = Quotation()
        self._instruction = Instruction(prepared["instruction"])
        self._automatic: list[str] = prepared["automatic"].split("|")

    @cached_property
    def _unspaced(self) -> list[str]:
        return [phrase for phrase in self._automatic if not phrase.isascii()]

    @cached_property
    def _by_first_word(self) -> dict[str, list[str]]:
        """What automatic replies say of themselves, by the first word; in scripts without spaces see ``_unspaced``."""
        phrases: dict[str, list[str]] = {}
        for phrase in self._automatic:
            phrases.setdefault(phrase.partition(" ")[0], []).append(f" {phrase} ")
        return phrases

    def own_words(self, folded: Folded, keywords: Mapping[str, object], last_reply: str | None) -> OwnWords:
        """The words that the sender wrote; ``last_reply`` is what this person was last sent by us."""
        if rule := self._quotation.reaction(folded):
            return OwnWords((), rule)
        if self._is_automatic(folded):
            return OwnWords((), "immune:automatic-reply")
        words: Sequence[Word] = folded.words
        rule = None
        if last_reply:
            kept = _without_reply(words, last_reply)
            if len(kept) < len(words):
                words, rule = kept, "immune:own-reply"
        kept = self._quotation.without(folded, words)
        if len(kept) < len(words):
            words, rule = kept, "immune:quotation"
        kept = self._instruction.without(folded, words, keywords)
        if len(kept) < len(words):
            words, rule = kept, "immune:instruction"
        return OwnWords(words, rule)

    def _is_automatic(self, folded: Folded) -> bool:
        words = [word.text for word in folded.words[:_BEGINNING]]
        phrases = self._by_first_word
        is_begun = not phrases.keys().isdisjoint(words)
        if not is_begun and folded.text.isascii():
            return False
        key = f" {' '.join(words)} "
        if is_begun and any(phrase in key for word in words if word in phrases for phrase in phrases[word]):
            return True
        return not key.isascii() and any(phrase in key for phrase in self._unspaced)


def _without_reply(words: Sequence[Word], last_reply: str) -> Sequence[Word]:
    """Without our own last text, whole or its beginning, and nothing at all if the text is a part of it."""
    ours = fold(last_reply).key.split()
    theirs = [word.text for word in words]
    if not ours or len(theirs) < min(_ECHO, len(ours)):
        return words
    if len(theirs) >= _ECHO and f" {' '.join(theirs)} " in f" {' '.join(ours)} ":
        return ()
    for i in range(len(theirs)):
        length = 0
        while length < len(ours) and i + length < len(theirs) and theirs[i + length] == ours[length]:
            length += 1
        if length >= min(len(ours), 2 * _ECHO):
            return [*words[:i], *words[i + length :]]
    return words
