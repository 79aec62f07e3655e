"""Which part of the corpus a text belongs to, so that no near-duplicate of a text stands in the other part."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from cli.evaluation.corpus import LabelledText, Part

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
    """
    The part drawn for a family: a hash, so that nobody chose it, and the same for ever.

    Three sorts are not drawn: chat is all held out; what this project's own pages give as an example is known to
    whoever writes rules; and what was written for rules to be written on is shown to them.
    """
    if family.startswith(CHAT_FAMILY):
        return Part.HELDOUT
    if family.startswith((PUBLISHED_FAMILY, WRITTEN_FAMILY)):
        return Part.DEV
    drawn = int(hashlib.sha256(f"{SEED}:{family}".encode()).hexdigest(), 16) % 100
    return Part.DEV if drawn < DEV_SHARE else Part.HELDOUT


def text_id(text: str, language: str) -> str:
    """A text's name in reports, which may be shown where the text may not."""
    return f"{language}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def words(text: str) -> list[str]:
    """The words that count for likeness: no case, accents, apostrophes or punctuation; an emoji is a word."""
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
    """Whether two texts, given as their words, are so alike that a rule written on one is written on the other."""
    if one == other:
        return bool(one)
    first, second = set(one), set(other)
    if min(len(first), len(second)) < FEWEST_WORDS:
        return False
    return len(first & second) >= OVERLAP * len(first | second)


def straddling(dev: Iterable[LabelledText], heldout: Iterable[LabelledText]) -> list[tuple[str, str]]:
    """
    The ids of near-duplicates that stand in different parts.

    Bare keywords are excepted: they come from published lists that every rule-writer knows, and differ by case only.
    """
    known = [(example.id, words(example.text)) for example in dev if example.kind != "keyword"]
    return [
        (dev_id, example.id)
        for example in heldout
        if example.kind != "keyword"
        for read in [words(example.text)]
        for dev_id, dev_words in known
        if near_duplicates(dev_words, read)
    ]
