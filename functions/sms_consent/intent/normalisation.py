"""Normalisation of texts: case, Unicode form, accents, invisible characters, emoji and quotation marks do not matter.

A text becomes words, each with its position in the original text, so that evidence can be quoted as written.
CTIA Messaging Principles 5.1.3: capitals and punctuation do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate, islice
from typing import NamedTuple

from sms_consent.intent.lookup import load_rules

__all__ = ["MOST_WORDS", "Folded", "Word", "cut_evenly", "fold", "fold_keyword", "looks_like"]

_GONE = "\x01"
"""Replaces a character that does not matter inside a word, so that the folded text keeps its length."""

MOST_WORDS = 400
"""More than a text message holds (ten parts, 1,530 characters). In longer texts only whole-message keywords count."""

_KEPT = frozenset(".,!?;:\n'\"()>*$@-/%&+#")
"""Punctuation that lower tiers use. Other punctuation becomes a space."""

_SAME = {
    **dict.fromkeys("’‘ʼ`´ʹ′", "'"),
    **dict.fromkeys("“”„‟«»″〝〞「」『』", '"'),
    **dict.fromkeys("。｡", ";"),  # no space follows it, so a full stop would not end a thought
    "।": ".",
    **dict.fromkeys("、،", ","),
    **dict.fromkeys("！¡", "!"),
    **dict.fromkeys("？¿؟", "?"),
    **dict.fromkeys("؛；", ";"),
    **dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": ".",
    # Letters that Unicode does not decompose, as people type them without the key.
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "ŀ": "l",
}

_MARKS = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED))
"""Accents that may be left out: of Latin, Greek and Cyrillic; Hebrew points; Arabic vowel signs and hamza.

Not the marks of kana (が is not か) nor of Indian scripts, where they are letters.
"""
_INVISIBLE = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180F), (0x0640, 0x0640), (0x20D0, 0x20F0))
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _fold_character(character: str) -> str:
    """Return the folded form of one character. Never empty, so that positions can be mapped to the original text."""
    if character in _SAME:
        return _SAME[character]
    category = unicodedata.category(character)
    code = ord(character)
    if category == "Cf" or _within(code, _INVISIBLE) or _within(code, _MARKS):
        return _GONE
    if category in ("Cs", "Cc", "Zs") or character in _BLANK_LETTERS:
        return "\n" if character == "\n" else " "
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", character).casefold())
    stripped = "".join(c for c in plain if not _within(ord(c), _MARKS))
    folded = "".join(_SAME.get(c, c) for c in unicodedata.normalize("NFC", stripped))
    kept = "".join(c for c in folded if c in _KEPT or c == " " or unicodedata.category(c)[0] in "LNM")
    return kept or (_GONE if category[0] == "M" else " ")


class _Characters(dict[int, str]):
    """The folded form of each character, computed when it first occurs."""

    def __missing__(self, code: int) -> str:
        if len(self) > 20_000:  # a hostile text may have all of Unicode
            self.clear()
        folded = self[code] = _fold_character(chr(code))
        return folded


_CHARACTERS = _Characters()
_ELIDED = frozenset(
    {
        "l",
        "d",
        "j",
        "m",
        "t",
        "s",
        "n",
        "c",
        "qu",
        "jusqu",
        "lorsqu",
        "puisqu",
        "quelqu",
        "dell",
        "nell",
        "all",
        "dall",
        "sull",
        "un",
        "quell",
        "quest",
    }
)
"""What French and Italian leave of a word before an apostrophe: "m'envoyer" is two words, "don't" is one."""
_WORD = re.compile(r"""[^ \n.,!?;:'"()>*$@\-/%&+#\x01][^ \n.,!?;:"()>*$@\-/%&+#']*(?:'[^ \n.,!?;:"()>*$@\-/%&+#']+)*""")


_CYRILLIC = str.maketrans("abcehikmoptxy", "авсенікмортху")
"""Latin letters that look like Cyrillic ones. People switch keyboards within a word."""
_MIXED = re.compile(r"(?=[а-ї]*[abcehikmoptxy])(?=[авсенікмортхуa-z]*[бгджзилпфцчшщъыьэюяєґ])[а-їґabcehikmoptxy]+\Z")
"""A word of Cyrillic and such Latin letters. A word with only letters that look Latin may be a disguised Latin word."""


class Word(NamedTuple):
    """One folded word, and its position in the folded text."""

    text: str
    start: int
    end: int


class Folded:
    """A folded text that can be mapped back to the original text.

    Attributes:
        original: The text in Unicode form NFC.
        text: The folded text.
        words: The words in order, at most ``MOST_WORDS`` + 1, which means that there are more.
        key: The words with single spaces, by which whole-message keywords are looked up.
    """

    __slots__ = ("_offsets", "key", "original", "text", "words")

    def __init__(self, original: str, text: str) -> None:
        self.original = original
        self.text = text
        self._offsets: list[int] | None = None
        found = islice(_WORD.finditer(text), MOST_WORDS + 1)
        elides = "'" in text
        if elides:
            self.words = [word for m in found for word in _unelided(m.group(), m.start())]
        elif text.isascii() and _GONE not in text:
            self.words = [Word(m.group(), m.start(), m.end()) for m in found]
        else:
            self.words = [Word(_clean(m.group()), m.start(), m.end()) for m in found]
        if elides or len(self.words) <= MOST_WORDS:
            self.key = " ".join([word.text for word in self.words])
        else:
            self.key = " ".join(map(_clean, _WORD.findall(text)))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of the folded text to its span in the original."""
        if len(self.text) == len(self.original):  # every character folds to at least one
            return start, end
        if self._offsets is None:
            self._offsets = [0, *accumulate(len(_CHARACTERS[ord(c)]) for c in self.original)]
        first = _last_not_after(self._offsets, start)
        last = _last_not_after(self._offsets, end - 1)
        return first, last + 1

    def quoted(self, start: int, end: int) -> tuple[str, tuple[int, int]]:
        """Return a span of the folded text as the sender wrote it, with its span in the original."""
        first, last = self.span(start, end)
        return self.original[first:last], (first, last)

    def written(self, start: int, end: int) -> str:
        """Return a span of the folded text as the sender wrote it."""
        first, last = self.span(start, end)
        return self.original[first:last]


def _last_not_after(offsets: list[int], place: int) -> int:
    low, high = 0, len(offsets) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] <= place:
            low = middle
        else:
            high = middle - 1
    return low


def _clean(word: str) -> str:
    if word.isascii():
        return word.replace(_GONE, "").replace("'", "") if _GONE in word or "'" in word else word
    # Half-width kana and jamo combine with their marks only after folding.
    clean = unicodedata.normalize("NFC", word.replace(_GONE, "").replace("'", ""))
    return clean.translate(_CYRILLIC) if _MIXED.match(clean) else clean


def _unelided(word: str, start: int) -> Iterator[Word]:
    before, apostrophe, after = word.partition("'")
    while apostrophe and _clean(before) in _ELIDED:
        yield Word(_clean(before), start, start + len(before))
        word, start = after, start + len(before) + 1
        before, apostrophe, after = word.partition("'")
    yield Word(_clean(word), start, start + len(word))


def fold(text: str) -> Folded:
    """Fold a text of any content, in time linear in its length."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return Folded(text, text.translate(_CHARACTERS))


def cut_evenly(text: str, longest: int, is_known: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Split a text into known pieces of at most ``longest`` characters. Return their spans; none if it cannot be split."""
    cuts: list[int | None] = [0, *[None] * len(text)]  # the start of the last piece that ends here
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - longest), end):
            if cuts[start] is not None and is_known(text[start:end]):
                cuts[end] = start
                break
    pieces: list[tuple[int, int]] = []
    end = len(text)
    while end and (begin := cuts[end]) is not None:
        pieces.append((begin, end))
        end = begin
    return pieces[::-1] if not end else []


def fold_keyword(keyword: str) -> str:
    """Return the folded form by which a keyword is looked up."""
    return fold(keyword).key


@cache
def _letters() -> dict[int, str]:
    return {ord(letter): latin for letter, latin in load_rules("look_alikes").items()}


def looks_like(words: str) -> str:
    """Replace look-alike letters by Latin ones: ЅТОР becomes STOP. Return the words unchanged if other letters remain."""
    if words.isascii():
        return words
    latin = words.translate(_letters())
    return latin if latin.isascii() else words
