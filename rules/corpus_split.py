"""Assignment of texts to the parts of the corpus. Near-duplicates are always in the same part."""

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from sms_consent_cli.commands.evaluate.corpus import LabelledText, Part

SEED = "sms-consent corpus 1"
DEV_SHARE = 35  # per cent of the families
CHAT_FAMILY = "chat:"  # begins the families of chat.jsonl
WRITTEN_FAMILY = "written:"  # begins the families of texts that were written for the rules' author, and never drawn
PUBLISHED_FAMILY = "published:"  # begins the families that have an example of the guide's among them

# Two texts of three words or more are near-duplicates from this share of common words (Jaccard) upwards:
# "please stop texting me" and "please stop messaging me" just are.
OVERLAP = 0.6
FEWEST_WORDS = 3

_WORD = re.compile(r"\w+|[^\w\s]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # kana and Han are written without spaces


def part_of(family: str) -> Part:
    """Return the part of a family. It is derived from a hash, so it is random but reproducible.

    Exceptions: chat is held out. Examples published in this project, and texts on which rules are written, are in `dev`.
    """
    if family.startswith(CHAT_FAMILY):
        return Part.HELDOUT
    if family.startswith((PUBLISHED_FAMILY, WRITTEN_FAMILY)):
        return Part.DEV
    drawn = int(hashlib.sha256(f"{SEED}:{family}".encode()).hexdigest(), 16) % 100
    return Part.DEV if drawn < DEV_SHARE else Part.HELDOUT


def text_id(text: str, language: str) -> str:
    """Return a stable id of a text, for reports that must not show held-out texts."""
    return f"{language}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def words(text: str) -> list[str]:
    """Return the words for comparing texts: without case, accents, apostrophes and punctuation. An emoji is a word."""
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFD", text.casefold())
        if unicodedata.category(letter) not in {"Mn", "Cf"}
    )
    found: list[str] = []
    for word in _WORD.findall(re.sub(r"(?<=\w)['’](?=\w)", "", bare)):
        if len(word) == 1 and unicodedata.category(word).startswith("P"):
            continue
        if _UNSPACED.search(word):
            found += [word[start : start + 2] for start in range(max(1, len(word) - 1))]
        else:
            found.append(word)
    return found


def near_duplicates(one: list[str], other: list[str]) -> bool:
    """Return whether two texts, given as words, are so similar that a rule written for one would match the other."""
    if one == other:
        return bool(one)
    first, second = set(one), set(other)
    if min(len(first), len(second)) < FEWEST_WORDS:
        return False
    return len(first & second) >= OVERLAP * len(first | second)


class NearDuplicateIndex:
    """An index of texts that finds the near-duplicates of a text without comparing it with each.

    Texts that share ``OVERLAP`` of their words have a word in common among the rarest 1 - ``OVERLAP`` of either, so texts are
    looked up by those.
    """

    def __init__(self, known: Iterable[tuple[str, list[str]]]) -> None:
        """Index known texts, given as pairs of id and words."""
        self._known = list(known)
        self._frequency = Counter(word for _, text in self._known for word in set(text))
        self._by_word: dict[str, list[int]] = {}
        self._by_text: dict[tuple[str, ...], list[int]] = {}
        for place, (_, text) in enumerate(self._known):
            self._enter(place, text)

    def _enter(self, place: int, text: list[str]) -> None:
        self._by_text.setdefault(tuple(text), []).append(place)
        for word in self._rarest(text):
            self._by_word.setdefault(word, []).append(place)

    def _rarest(self, text: list[str]) -> list[str]:
        distinct = sorted(set(text), key=lambda word: (self._frequency[word], word))
        return distinct[: len(distinct) - math.ceil(OVERLAP * len(distinct)) + 1]

    def add(self, name: str, text: list[str]) -> None:
        """Add a text to the index. Word frequencies stay those of the initial texts."""
        self._known.append((name, text))
        self._enter(len(self._known) - 1, text)

    def like(self, text: list[str]) -> list[str]:
        """Return the ids of a text's near-duplicates, in the order in which they were added."""
        places = set(self._by_text.get(tuple(text), ()))
        for word in self._rarest(text):
            places.update(self._by_word.get(word, ()))
        return [
            name for name, other in (self._known[place] for place in sorted(places)) if near_duplicates(text, other)
        ]


def pairs_across_parts(dev: Iterable[LabelledText], heldout: Iterable[LabelledText]) -> list[tuple[str, str]]:
    """Return the ids of near-duplicates in different parts.

    Ignores bare keywords, which come from published lists and differ by case only.
    """
    known = NearDuplicateIndex((example.id, words(example.text)) for example in dev if example.kind != "keyword")
    return [
        (dev_id, example.id)
        for example in heldout
        if example.kind != "keyword"
        for dev_id in known.like(words(example.text))
    ]
