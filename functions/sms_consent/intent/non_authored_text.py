"""Removal of words that the sender did not write: reactions, quotations, automatic replies and copies of our replies.

The remaining words are classified like any other text, but cannot opt anyone in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.intent.instruction import Instruction
from sms_consent.intent.normalisation import Folded, Word, fold

__all__ = ["AuthoredText", "NonAuthoredText", "OwnReplies", "Quotation"]

_LEAD = 7  # words before or after a quotation that may be a phone's phrase
_SHORT_LEAD = 2
_LONG = 8  # words; a shorter quotation may be the sender's own request
_HAIR_SPACE = "\u200a"
_CLOSED = 3  # hair spaces, at least, in a Google reaction that is not truncated
_SENTENCE_ENDS = ".!?;\n"
_OPENING = frozenset("„«「『〝")  # “ closes what „ has opened
_NAMED = re.compile(
    r"(?::\s*|[\u3040-\u9fff\uac00-\ud7a3]\s*)(?:STOP|HELP|START)\b|(?:STOP|HELP|START)[\u3040-\u9fff\uac00-\ud7a3]"
)
_MARKS = ("\u200b", "\u200c")


class Quotation:
    """Recognises the quotations of phones and mail programs."""

    def __init__(self, data: Mapping[str, Any], verbs: frozenset[str]) -> None:
        """``data`` has the phrases by which quotations are recognised, ``verbs`` the verbs of instructions."""
        self._data, self._verbs = data, verbs

    @cached_property
    def _reactions(self) -> frozenset[str]:
        return frozenset(self._data["reactions"].split("|"))

    @cached_property
    def _speakers(self) -> frozenset[str]:
        return frozenset(self._data["first_person"].split())

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset(self._data["said"].split())

    def reaction(self, folded: Folded) -> tuple[str, Sequence[Word]] | None:
        """Return the rule for a reaction (tapback) and the words that the person added to it; None if the text is no reaction.

        Google Messages sets the parts of a reaction between hair spaces, and the emoji between zero-width characters,
        in every language; Apple writes a few words of the phone's language before or after a quotation.
        """
        text = folded.original
        if text.startswith(_HAIR_SPACE) and text.count(_HAIR_SPACE) > 1 and any(mark in text for mark in _MARKS):
            end = text.rfind(_HAIR_SPACE) if text.count(_HAIR_SPACE) >= _CLOSED else len(text)
            own = [word for word in folded.words if folded.span(word.start, word.end)[0] > end]
            return "immune:reaction/google-messages", own
        if '"' in folded.text and (aside := self._reacting(folded)) is not None:
            return "immune:reaction/quoted", [word for word in folded.words if word not in aside]
        return None

    def _reacting(self, folded: Folded) -> set[Word] | None:
        """Return the words of the first quotation and of the phone's phrase beside it; None if there is no such phrase."""
        found = quotations(folded)
        if not found:
            return None
        (first, last), text, words = found[0], folded.text, folded.words
        quoted = [word for word in words if first < word.start < last]
        begin = max(text.rfind(mark, 0, first) for mark in _SENTENCE_ENDS) + 1
        lead = [word for word in words if begin <= word.start < first]
        rest = text[last + 1 :]
        stop = min((place for mark in _SENTENCE_ENDS if (place := rest.find(mark)) >= 0), default=len(rest))
        tail = [word for word in words if last < word.start < last + 1 + stop]
        starts_phrase = not lead or lead[0].text not in self._speakers
        if len(lead) <= _LEAD and starts_phrase and (phrase := self._phrase(lead)):
            return {*quoted, *phrase}
        if len(lead) > _SHORT_LEAD or not starts_phrase:
            return None
        if len(tail) <= _LEAD and (phrase := self._phrase(tail)):
            return {*quoted, *phrase}
        start, place = folded.span(begin, begin + 1)[0] if begin < len(text) else 0, folded.span(first, first + 1)[0]
        has_emoji = any(unicodedata.category(character) == "So" for character in folded.original[start:place])
        return {*quoted, *lead} if has_emoji and (not tail or lead) else None

    def _phrase(self, words: Sequence[Word]) -> Sequence[Word]:
        """Return the longest phrase of a phone's reaction among some words."""
        texts = [word.text for word in words]
        for length in range(len(texts), 0, -1):
            for start in range(len(texts) - length + 1):
                if " ".join(texts[start : start + length]) in self._reactions:
                    return words[start : start + length]
        return ()

    def without(self, folded: Folded, words: Sequence[Word]) -> Sequence[Word]:
        """Return the words without quoted lines ("> ..."), what follows "wrote:", and quotations that are of others."""
        text = folded.text
        if ">" in text or (":" in text and "\n" in text):
            quoted_lines = [line for line in _lines(text) if self._is_quoted(text[line[0] : line[1]].lstrip())]
            words = [word for word in words if not any(start <= word.start < end for start, end in quoted_lines)]
        lowered = folded.original.casefold()
        for marker in self._data["quoted_after"]:
            place = lowered.find(marker)
            if place >= 0 and len(lowered) == len(text):
                start = text.rfind("\n", 0, place) + 1
                if not self._heads_quotation(text[start:place], marker):
                    continue
                end = _end_of_quoted(text, place + len(marker)) if marker.endswith(":") else len(text)
                words = [word for word in words if not start <= word.start < end]
        if text.count('"') > 1:
            gone: set[Word] = set()
            for first, last in quotations(folded):
                begin = max(text.rfind(mark, 0, first) for mark in _SENTENCE_ENDS) + 1
                before = [word.text for word in words if begin <= word.start < first]
                quoted = [word for word in words if first < word.start < last]
                of_others = self._is_of_others(before, [word.text for word in quoted])
                if last < len(text) and (of_others or _names_keyword(folded.written(first, last))):
                    gone.update(quoted)
            if len(gone) < len(words):
                words = [word for word in words if word not in gone]
        return words

    def _heads_quotation(self, before: str, marker: str) -> bool:
        """Return whether a marker is written as mail programs do: "-----Original Message-----", "Acme wrote:"."""
        if not marker.endswith(":"):
            return not any(map(str.isalnum, before))
        return not before.strip() or before.split()[0] not in self._speakers

    def _is_quoted(self, line: str) -> bool:
        mark, colon, _ = line.partition(":")
        return line.startswith(">") or (bool(colon) and mark in self._data["forwarded"].split())

    def _is_of_others(self, before: Sequence[str], quoted: Sequence[str]) -> bool:
        """Return whether a quotation quotes our text or another person: he goes "take me off" and hangs up."""
        if before and before[0] not in self._speakers and not self._said.isdisjoint(before):
            return True
        if len(quoted) >= _LONG or any(word in self._verbs for word in quoted[:-1]):
            return True
        said = f" {' '.join(quoted)} "
        return any(f" {phrase} " in said for phrase in self._data["how_ours_end"])


def quotations(folded: Folded) -> list[tuple[int, int]]:
    """Return where the outermost quotations begin and end. One that is not closed ends with the text.

    A mark opens before a letter and closes after one; between two letters, or none, its form decides.
    """
    text = folded.text
    found: list[tuple[int, int]] = []
    depth = start = 0
    for place, character in enumerate(text):
        if character != '"':
            continue
        before, after = text[place - 1 : place].isalnum(), text[place + 1 : place + 2].isalnum()
        written = folded.written(place, place + 1)
        opens = after if before != after else written in _OPENING
        if not depth or opens:
            start = start if depth else place
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                found.append((start, place))
    if depth:
        found.append((start, len(text)))
    return [(first, last) for first, last in found if any(map(str.isalnum, text[first:last]))]


def _names_keyword(quoted: str) -> bool:
    """Return whether a quotation names a keyword as our texts do, without a verb: "Отписаться: STOP", "回复STOP退订"."""
    return _NAMED.search(quoted) is not None


def _end_of_quoted(text: str, after: int) -> int:
    """Return where the text quoted after "wrote:" ends: before its first line that is not marked, else after a paragraph."""
    rest = text[after:]
    if "\n>" in rest:
        return after
    body = len(rest) - len(rest.lstrip())
    end = rest.find("\n\n", body)
    return after + end if end >= 0 else len(text)


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found


_ALIKE = 0.9
"""A copy agrees with a reply in this share of its letters and of the reply's; a piece consists of runs of a reply's words
in this share."""
_SHORTEST_BLOCK = 3  # letters in a row; shorter ones match by chance
_SHORTEST_RUN = 2  # words


class OwnReplies:
    """Every reply that one number, pool or agent may send, in every language."""

    def __init__(self, bodies: Iterable[str]) -> None:
        self._bodies = tuple(dict.fromkeys(bodies))

    @cached_property
    def _words(self) -> list[list[str]]:
        return [fold(body).key.split() for body in self._bodies]

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(word for words in self._words for word in words)

    def copied(self, folded: Folded) -> Iterator[str]:
        """Yield the replies that the text copies: at least 90 % of each is in the other."""
        letters = folded.key.replace(" ", "")
        for body, words in zip(self._bodies, self._words, strict=True):
            ours = "".join(words)
            if min(len(letters), len(ours)) >= _ALIKE * max(len(letters), len(ours)) > 0:
                agreeing = sum(size for _, size in _blocks(letters, ours))
                if agreeing >= _ALIKE * max(len(letters), len(ours)):
                    yield body

    def has_piece(self, folded: Folded) -> bool:
        """Return whether the text consists of word sequences from one reply."""
        texts = [word.text for word in folded.words if not word.text.isdecimal()]  # "2/2" before a part of a text
        if not texts:
            return False
        letters = "" if folded.text.isascii() else "".join(texts)
        if not letters and sum([text in self._vocabulary for text in texts]) < _ALIKE * len(texts):
            return False
        for ours in self._words:
            if len(texts) <= len(ours) / _ALIKE and _covered(texts, ours) >= _ALIKE * len(texts):
                return True
            if letters and letters in "".join(ours):  # scripts without spaces, where a word can be cut anywhere
                return True
        return False


def without_reply(words: Sequence[Word], reply: str) -> list[Word]:
    """Return the words that the sender added to a copy of a reply."""
    letters = "".join(word.text for word in words)
    ours = fold(reply).key.replace(" ", "")
    blocks = list(_blocks(letters, ours))
    kept: list[Word] = []
    place = 0
    for word in words:
        end = place + len(word.text)
        shared = sum(max(0, min(end, start + size) - max(place, start)) for start, size in blocks)
        if shared < len(word.text):
            kept.append(word)
        place = end
    return kept


def _blocks(letters: str, ours: str) -> Iterator[tuple[int, int]]:
    """Yield the start in ``letters`` and the length of each run of letters that both have, in the same order."""
    from difflib import SequenceMatcher  # needed for few texts, and takes milliseconds of a cold start

    for start, _, size in SequenceMatcher(None, letters, ours, autojunk=False).get_matching_blocks():
        if size >= _SHORTEST_BLOCK:
            yield start, size


def _covered(texts: Sequence[str], ours: Sequence[str]) -> int:
    """Count the words in runs of at least two of the reply's words; one word is a run if it is the whole text."""
    shortest = min(_SHORTEST_RUN, len(texts))
    covered = place = 0
    while place < len(texts):
        run = max((_run(texts[place:], ours[at:]) for at, word in enumerate(ours) if word == texts[place]), default=0)
        covered += run if run >= shortest else 0
        place += max(run, 1)
    return covered


def _run(texts: Sequence[str], ours: Sequence[str]) -> int:
    """Count the words at the beginning that are the same."""
    length = 0
    for text, word in zip(texts, ours, strict=False):
        if text != word:
            break
        length += 1
    return length


_BEGINNING = 50  # words within which an automatic reply says that it is one


@dataclass(frozen=True, slots=True)
class AuthoredText:
    """The words that the sender wrote.

    ``rule`` names why other words were removed; ``by_machine`` is whether only machines write those.
    """

    words: Sequence[Word]
    rule: str | None = None
    by_machine: bool = False


class NonAuthoredText:
    """Removes words that the sender did not write."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._quotation = Quotation(data["quotation"], frozenset(data["instruction"]["verbs"].split("|")))
        self._instruction = Instruction(data["instruction"])
        self._automatic: list[str] = data["automatic"].split("|")
        self._spoken = frozenset(data["spoken"].split("|"))
        self._hints: list[str] = data["hints"].split("|")

    @cached_property
    def _unspaced(self) -> list[str]:
        return [phrase for phrase in self._automatic if not phrase.isascii()]

    @cached_property
    def _by_first_word(self) -> dict[str, list[list[str]]]:
        """Phrases of automatic replies, by the first word. For scripts without spaces see ``_unspaced``."""
        phrases: dict[str, list[list[str]]] = {}
        for phrase in self._automatic:
            words = phrase.split()
            phrases.setdefault(words[0], []).append(words)
        return phrases

    def authored(self, folded: Folded, keywords: Mapping[str, object], echo: str | None) -> AuthoredText:
        """Return the words that the sender wrote. ``echo`` is the reply that the text copies, if any."""
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
        return AuthoredText(words, rule, by_machine=any(phrase not in self._spoken for phrase in phrases))

    def is_instructed(self, keyword: str) -> bool:
        """Return whether companies' texts instruct people to send this keyword."""
        return self._instruction.is_instructed(keyword)

    def instructs(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> bool:
        """Return whether words contain an instruction what to text: "Reply START to resubscribe"."""
        return self._instruction.is_in(folded, words, keywords)

    def is_instruction(self, folded: Folded, keyword: Word) -> bool:
        """Return whether a short text continues after a keyword in capitals like an instruction: "STOP to ..."."""
        return self._instruction.goes_on(folded, keyword)

    def may_be_automatic(self, folded: Folded) -> bool:
        """Return whether a text has a phrase that both automatic replies and people use: "I'm in a meeting"."""
        key = f" {folded.key} "
        return any(f" {hint} " in key if hint.isascii() else hint in key for hint in self._hints)

    def _phrases(self, folded: Folded, words: Sequence[Word]) -> Sequence[str]:
        """Return the phrases of automatic replies in the text."""
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
    """Return the words without phrases. A phrase may begin or end within a word; the rest of that word stays."""
    key = " ".join(word.text for word in words)
    gone = [False] * len(key)
    for phrase in phrases:
        begin = -1
        while (begin := key.find(phrase, begin + 1)) >= 0:
            if _is_whole_words(key, begin, begin + len(phrase)) or not phrase.isascii():
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


def _is_whole_words(key: str, begin: int, end: int) -> bool:
    return key[begin - 1 : begin] in ("", " ") and key[end : end + 1] in ("", " ")


def _pieces(word: Word, left: Sequence[int]) -> list[Word]:
    """Return the pieces of a word before and after the letters that are removed."""
    pieces: list[Word] = []
    begin = left[0]
    for at, following in zip(left, [*left[1:], -1], strict=True):
        if following != at + 1:
            start = min(word.start + begin, word.end - 1)
            pieces.append(Word(word.text[begin : at + 1], start, min(word.start + at + 1, word.end)))
            begin = following
    return pieces
