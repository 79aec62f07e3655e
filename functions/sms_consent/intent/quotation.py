"""Which words are quoted: a phone's reaction to our text, a reply with the text that it answers, somebody else's words."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sms_consent.intent.folding import Folded, Word, fold, fold_keyword
from sms_consent.intent.keywords import DATA

__all__ = ["Quotation"]

_LEAD = 7  # words before or after a quotation that can still be the phone's own
_SHORT_LEAD = 2
_LONG = 8  # words; a shorter quotation may be what the sender says
_HAIR_SPACE = "\u200a"
_MARKS = ("\u200b", "\u200c")


class Quotation:
    """Knows the forms in which phones quote."""

    @cached_property
    def _data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = json.loads((DATA / "immunity.json").read_text(encoding="utf-8"))
        return data

    @cached_property
    def _reactions(self) -> frozenset[str]:
        return frozenset(fold_keyword(form) for forms in self._data["reactions"].values() for form in forms.split("|"))

    @cached_property
    def _speakers(self) -> frozenset[str]:
        return frozenset(self._data["first_person"].split())

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset(self._data["said"].split())

    @cached_property
    def _verbs(self) -> frozenset[str]:
        return frozenset(map(fold_keyword, self._data["instruction"]["verbs"].split()))

    def reaction(self, folded: Folded) -> str | None:
        """The rule by which the text is a reaction, if it is one.

        Google Messages sets the parts of a reaction between hair spaces, and the emoji between zero-width characters,
        in every language; Apple writes a few words of the phone's language before a quotation that runs to the end.
        """
        text = folded.original
        if text.startswith(_HAIR_SPACE) and text.count(_HAIR_SPACE) > 1 and any(mark in text for mark in _MARKS):
            return "immune:reaction/google-messages"
        return "immune:reaction/quoted" if '"' in folded.text and self._is_quoting(folded) else None

    def _is_quoting(self, folded: Folded) -> bool:
        first, last = folded.text.find('"'), folded.text.rfind('"')
        before, after = folded.text[:first], folded.text[last + 1 :] if last > first else ""
        quoted = folded.text[first:last] if last > first else folded.text[first:]
        if not any(map(str.isalnum, quoted)):
            return False
        lead, tail = fold(before).key, fold(after).key
        if len(lead.split()) > _LEAD or len(tail.split()) > _LEAD:
            return False
        start, _ = folded.span(first, first + 1)
        has_emoji = any(unicodedata.category(character) == "So" for character in folded.original[:start])
        if has_emoji and not tail and len(lead.split()) <= _SHORT_LEAD:
            return True
        return self._is_phrase(lead) or (len(lead.split()) <= _SHORT_LEAD and self._is_phrase(tail))

    def _is_phrase(self, phrase: str) -> bool:
        words = phrase.split()
        if not words or words[0] in self._speakers:
            return False
        ends = range(1, len(words) + 1)
        return any(" ".join(words[start:end]) in self._reactions for end in ends for start in range(end))

    def without(self, folded: Folded, words: Sequence[Word]) -> Sequence[Word]:
        """The words without quoted lines ("> ...", "Fwd: ..."), what follows "wrote:", and quotations that are of others."""
        text = folded.text
        if ">" in text or (":" in text and "\n" in text):
            quoted_lines = [line for line in _lines(text) if self._is_quoted(text[line[0] : line[1]].lstrip())]
            words = [word for word in words if not any(start <= word.start < end for start, end in quoted_lines)]
        lowered = folded.original.casefold()
        for marker in self._data["quoted_after"]:
            place = lowered.find(marker)
            if place >= 0 and len(lowered) == len(text):
                line = text.rfind("\n", 0, place) + 1
                words = [word for word in words if word.start < line]
        if text.count('"') > 1:
            first, last = text.find('"'), text.rfind('"')
            before = [word.text for word in words if word.start < first]
            quoted = [word.text for word in words if first < word.start < last]
            if len(quoted) < len(words) and self._is_of_others(before, quoted):
                words = [word for word in words if not first < word.start < last]
        return words

    def _is_quoted(self, line: str) -> bool:
        mark, colon, _ = line.partition(":")
        return line.startswith(">") or (bool(colon) and mark in self._data["forwarded"].split())

    def _is_of_others(self, before: Sequence[str], quoted: Sequence[str]) -> bool:
        """Whether a quotation is of our text, or of somebody else's words: he goes "take me off" and hangs up."""
        if before and before[0] not in self._speakers and not self._said.isdisjoint(before):
            return True
        if len(quoted) >= _LONG or any(word in self._verbs for word in quoted[:-1]):
            return True
        said = f" {' '.join(quoted)} "
        return any(f" {phrase} " in said for phrase in self._data["how_ours_end"])


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found
