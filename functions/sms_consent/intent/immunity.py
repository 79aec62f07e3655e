"""Which words of a text are not its sender's: reactions, quotations, automatic replies, our own texts coming back.

They are set aside, and what is left is read. A text of which nothing is left asks for nothing.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.intent.folding import Folded, Word, fold, fold_keyword
from sms_consent.intent.keywords import DATA

__all__ = ["Immunity", "OwnWords"]

_LEAD = 7  # words before or after a quotation that can still be a reaction's own
_LONG_QUOTATION = 8  # words; a shorter one may be what the sender says
_ECHO = 4  # words of ours, in a row, that are no coincidence
_HAIR = "\u200a"
_FEW_WORDS = 5
_SAID = frozenset({"goes", "says", "said", "yell", "yells", "yelled", "shouts", "wrote", "writes", "told", "sagt", "dit", "dice", "diz"})
_FIRST_PERSON = frozenset({"i", "ive", "im", "we", "ich", "wir", "je", "j", "yo", "eu", "io", "ik", "jag", "jeg", "ja", "я"})


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The sender's own words; ``rule`` says why others were set aside, ``all_set_aside`` that nothing can be asked."""

    words: Sequence[Word]
    rule: str | None = None
    all_set_aside: bool = False


class Immunity:
    """Knows the forms in which phones and machines send words that are not the sender's."""

    @cached_property
    def _data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = json.loads((DATA / "immunity.json").read_text(encoding="utf-8"))
        return data

    @cached_property
    def _reactions(self) -> frozenset[str]:
        return frozenset(fold_keyword(form) for forms in self._data["reactions"].values() for form in forms.split("|"))

    @cached_property
    def _automatic(self) -> tuple[str, ...]:
        return tuple(fold_keyword(phrase) for phrase in self._data["automatic"])

    @cached_property
    def _instruction(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(map(fold_keyword, words.split())) for name, words in self._data["instruction"].items()}

    def own_words(self, folded: Folded, keywords: Mapping[str, object], last_reply: str | None) -> OwnWords:
        """The words that the sender wrote; ``last_reply`` is what this person was last sent by us."""
        text = folded.original
        if text.startswith(_HAIR) and text.count(_HAIR) > 1 and ("\u200b" in text or "\u200c" in text):
            return OwnWords((), "immune:reaction/google-messages", all_set_aside=True)
        if '"' in folded.text and self._is_reaction(folded):
            return OwnWords((), "immune:reaction/quoted", all_set_aside=True)
        if self._is_automatic(folded):
            return OwnWords((), "immune:automatic-reply", all_set_aside=True)
        words: Sequence[Word] = folded.words
        rule: str | None = None
        for name, without in (
            ("immune:own-reply", _without_reply(words, last_reply) if last_reply else words),
        ):
            if len(without) < len(words):
                words, rule = without, name
        kept = self._without_quotations(folded, words)
        if len(kept) < len(words):
            words, rule = kept, "immune:quotation"
        kept = self._without_instructions(folded, words, keywords)
        if len(kept) < len(words):
            words, rule = kept, "immune:instruction"
        return OwnWords(words, rule, all_set_aside=not words)

    def _is_reaction(self, folded: Folded) -> bool:
        """A reaction is a few words of the phone's around a quotation that goes on to the end, or begins the text."""
        first, last = folded.text.find('"'), folded.text.rfind('"')
        before, after = folded.text[:first], folded.text[last + 1 :] if last > first else ""
        quoted = folded.text[first:last] if last > first else folded.text[first:]
        if not any(character.isalnum() for character in quoted):
            return False
        lead, tail = fold(before).key, fold(after).key
        if len(lead.split()) > _LEAD or len(tail.split()) > _LEAD:
            return False
        start, _ = folded.span(first, first + 1)
        has_emoji = any(unicodedata.category(character) == "So" for character in folded.original[:start])
        if has_emoji and len(lead.split()) <= 2 and not tail:
            return True
        return self._is_reaction_phrase(lead) or (not lead and self._is_reaction_phrase(tail)) or self._around(lead, tail)

    def _around(self, lead: str, tail: str) -> bool:
        return bool(tail) and self._is_reaction_phrase(tail) and len(lead.split()) <= 2

    def _is_reaction_phrase(self, phrase: str) -> bool:
        words = phrase.split()
        if not words or words[0] in _FIRST_PERSON:
            return False
        return any(
            " ".join(words[start:end]) in self._reactions
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
        )

    def _is_automatic(self, folded: Folded) -> bool:
        start = folded.text[:300]
        if not any(word in start for word in ("auto", "not", "contact", "deliver", "block", "hour", "office", "closed", "away")):
            if start.isascii():
                return False
        key = f" {fold(start).key} "
        return any((f" {phrase} " if phrase.isascii() else phrase) in key for phrase in self._automatic)

    def _without_quotations(self, folded: Folded, words: Sequence[Word]) -> Sequence[Word]:
        """Without quoted lines ("> ..."), what follows "wrote:", and long quotations or such as hold an instruction."""
        text = folded.text
        if ">" in text:
            starts = [line for line in _lines(text) if text[line[0] : line[1]].lstrip().startswith(">")]
            words = [word for word in words if not any(start <= word.start < end for start, end in starts)]
        lowered = folded.original.casefold()
        for marker in self._data["quoted_after"]:
            place = lowered.find(marker)
            if place >= 0 and len(lowered) == len(text):
                line = text.rfind("\n", 0, place) + 1
                words = [word for word in words if word.start < line]
        if text.count('"') > 1:
            first, last = text.find('"'), text.rfind('"')
            quoted = [word for word in words if first < word.start < last]
            before = [word.text for word in words if word.start < first]
            if len(quoted) < len(words) and self._is_not_the_senders(before, [word.text for word in quoted]):
                words = [word for word in words if not first < word.start < last]
        return words

    def _is_not_the_senders(self, before: Sequence[str], quoted: Sequence[str]) -> bool:
        """Whether a quotation is of our text, or of somebody else's words ("he goes "take me off" and hangs up")."""
        if before and before[0] not in _FIRST_PERSON and not _SAID.isdisjoint(before):
            return True
        verbs = self._instruction["verbs"]
        return len(quoted) >= _LONG_QUOTATION or any(word in verbs for word in quoted[:-1])

    def _without_instructions(
        self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]
    ) -> Sequence[Word]:
        """Without "Reply STOP to end": who writes that tells others what to text. "I replied STOP" is the sender's own."""
        verbs, purposes = self._instruction["verbs"], self._instruction["purpose"]
        if len(words) < _FEW_WORDS or verbs.isdisjoint([word.text for word in words]):
            return words
        kept = list(words)
        for i in range(len(words) - 2, -1, -1):
            if words[i].text not in verbs or (i and words[i - 1].text in ("i", "ive", "to", "do", "should", "if", "jai", "ich")):
                continue
            j = i + 1
            while j < min(i + 3, len(words) - 1) and words[j].text not in keywords:
                j += 1
            if words[j].text not in keywords:
                continue
            shouted = folded.written(words[j].start, words[j].end).isupper()
            purpose = j + 1 < len(words) and words[j + 1].text in purposes
            if purpose or (shouted and not words[j].text.isascii()) or (shouted and i + 1 < j) or (shouted and j + 1 == len(words) and i > 2):
                end = next((k for k in range(j, len(words)) if _ends_sentence(folded, words, k)), len(words) - 1)
                kept = [word for word in kept if not words[i].start <= word.start <= words[end].start]
        return kept


def _ends_sentence(folded: Folded, words: Sequence[Word], k: int) -> bool:
    return k + 1 == len(words) or not set(".!?\n;").isdisjoint(folded.text[words[k].end : words[k + 1].start])


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _without_reply(words: Sequence[Word], last_reply: str) -> Sequence[Word]:
    """Without our own last text, whole or its beginning, and nothing at all if the text is a part of it."""
    ours = fold(last_reply).key.split()
    theirs = [word.text for word in words]
    if not ours or len(theirs) < min(_ECHO, len(ours)):
        return words
    if len(theirs) >= _ECHO and f" {' '.join(theirs)} " in f" {' '.join(ours)} ":
        return ()
    for i in range(len(theirs)):
        if theirs[i] != ours[0]:
            continue
        length = 0
        while length < len(ours) and i + length < len(theirs) and theirs[i + length] == ours[length]:
            length += 1
        if length >= min(len(ours), 2 * _ECHO):
            return [*words[:i], *words[i + length :]]
    return words
