"""Texts that are copies of our own replies, or pieces of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from sms_consent.intent.normalisation import Folded, Word, fold

__all__ = ["OwnReplies", "without_reply"]

_ALIKE = 0.9
"""A copy agrees with a reply in this share of its letters and of the reply's; a piece consists of runs of a reply's words
in this share."""
_SHORTEST_BLOCK = 3  # letters in a row; shorter ones match by chance
_SHORTEST_RUN = 2  # words


class OwnReplies:
    """Every reply that a sender of ours may send, in every language."""

    def __init__(self, bodies: Iterable[str]) -> None:
        self._bodies = tuple(dict.fromkeys(bodies))

    @cached_property
    def _words(self) -> list[list[str]]:
        return [fold(body).key.split() for body in self._bodies]

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(word for words in self._words for word in words)

    def copied(self, folded: Folded) -> Iterator[str]:
        """Yield the replies that the text is a copy of: at least 90 % of the one is the other."""
        letters = folded.key.replace(" ", "")
        for body, words in zip(self._bodies, self._words, strict=True):
            ours = "".join(words)
            if min(len(letters), len(ours)) >= _ALIKE * max(len(letters), len(ours)) > 0:
                agreeing = sum(size for _, size in _blocks(letters, ours))
                if agreeing >= _ALIKE * max(len(letters), len(ours)):
                    yield body

    def has_piece(self, folded: Folded) -> bool:
        """Return whether the text is a word sequence from one reply, or put together from several of one reply."""
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
