"""Where one thought ends and the next begins, and whether the writer laughs."""

from __future__ import annotations

from collections.abc import Sequence

from sms_consent.intent.folding import Folded, Word

__all__ = ["clauses", "is_laughing", "with_signs"]

_BREAKS = frozenset('.!?;:\n"(),')
_LAUGHTER = frozenset("😂🤣😆😹😜😝😛🤪😏😘🥰😍")
_SIGNS = frozenset("🛑🚫⛔")


def clauses(folded: Folded, words: Sequence[Word]) -> list[list[Word]]:
    """Split at the marks that end a thought, and where words were set aside; a full stop in "stop.texting.me" does not."""
    found: list[list[Word]] = [[]]
    for i, word in enumerate(words):
        if i:
            between = folded.text[words[i - 1].end : word.start]
            if between not in (" ", ".") and (not _BREAKS.isdisjoint(between) or any(map(str.isalnum, between))):
                found.append([])
        found[-1].append(word)
    return found


def with_signs(folded: Folded, words: Sequence[Word]) -> list[Word]:
    """The words, and the emoji that stand for one: "🛑 texting me"."""
    text = folded.original
    if text.isascii() or _SIGNS.isdisjoint(text) or len(text) != len(folded.text):
        return list(words)
    signs = [Word(character, i, i + 1) for i, character in enumerate(text) if character in _SIGNS]
    return sorted([*words, *signs], key=lambda word: word.start)


def is_laughing(text: str) -> bool:
    """Whether the text is teasing, by its emoji."""
    return not text.isascii() and not _LAUGHTER.isdisjoint(text)
