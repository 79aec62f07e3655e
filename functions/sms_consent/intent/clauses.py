"""Where one thought ends and the next begins, and whether the writer laughs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sms_consent.intent.keywords import load_rules
from sms_consent.intent.normalisation import Folded, Word

__all__ = ["clauses", "has_breaks", "is_laughing", "with_signs"]

_BREAKS = frozenset('.!?;:\n"(),')
_LAUGHTER = frozenset("😂🤣😆😹😜😝😛🤪😏😘🥰😍")
_GRINS = (":D", ":-D", "=D", "xD", "XD")
_EMPHATIC = 3
_SIGNS = frozenset("🛑🚫⛔")


@cache
def _goes_on() -> frozenset[str]:
    return frozenset(load_rules("clauses")["after_stop"].split())


def clauses(folded: Folded, words: Sequence[Word]) -> list[list[Word]]:
    """Split at the marks that end a thought, and where words were set aside; a full stop in "stop.texting.me" does not.

    "Stop, hammer time" is one thought; "Stop, I am not interested" is two. "Take. Me. Off." is one.
    """
    found: list[list[Word]] = [[]]
    for i, word in enumerate(words):
        if i:
            between = folded.text[words[i - 1].end : word.start]
            if between == " ":  # mostly
                found[-1].append(word)
                continue
            ends = between != "." and (not _BREAKS.isdisjoint(between) or any(map(str.isalnum, between)))
            if ends and not (between.strip() == "," and len(found[-1]) == 1 and word.text not in _goes_on()):
                found.append([])
        found[-1].append(word)
    if len(found) >= _EMPHATIC and all(len(clause) == 1 for clause in found[-_EMPHATIC:]):
        found[-_EMPHATIC:] = [[word for clause in found[-_EMPHATIC:] for word in clause]]
    return found


def has_breaks(folded: Folded) -> bool:
    """Whether there is any mark that can end a thought."""
    return not _BREAKS.isdisjoint(folded.text)


def with_signs(folded: Folded, words: Sequence[Word]) -> list[Word]:
    """The words, and the signs that stand for one: "🛑 texting me", "lose my #"."""
    signs: list[Word] = []
    text = folded.original
    if not text.isascii() and not _SIGNS.isdisjoint(text) and len(text) == len(folded.text):
        signs = [Word(character, i, i + 1) for i, character in enumerate(text) if character in _SIGNS]
    if "#" in folded.text:
        padded = folded.text + " "
        signs += [
            Word("number", m, m + 1) for m in range(len(padded)) if padded[m] == "#" and not padded[m + 1].isalnum()
        ]
    return sorted([*words, *signs], key=lambda word: word.start) if signs else list(words)


def is_laughing(text: str) -> bool:
    """Whether the text is teasing, by its emoji or what stands for one."""
    if "D" in text and any(grin in text for grin in _GRINS):
        return True
    return not text.isascii() and not _LAUGHTER.isdisjoint(text)
