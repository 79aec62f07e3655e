"""Headings and words of a file in a form for comparison, and the vocabulary that an import knows.

The vocabulary is in data files: ``vocabulary/columns.toml`` and ``vocabulary/status.toml``, with their sources.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

__all__ = ["heading_key", "heading_words", "vocabulary", "words_in_all_languages"]

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def heading_words(text: str) -> tuple[str, ...]:
    """Return the words of a heading without capitals, accents and punctuation: ``optedOutAt`` has three."""
    apart = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text))
    plain = "".join(each for each in unicodedata.normalize("NFD", apart) if not unicodedata.combining(each))
    return tuple(_WORD.findall(unicodedata.normalize("NFC", plain).casefold()))


def heading_key(text: str | None) -> str:
    """Return a heading as one word: ``Opted-Out At`` and ``optedOutAt`` become ``opted_out_at``."""
    return "_".join(heading_words(text or ""))


@cache
def vocabulary(name: str) -> Mapping[str, Any]:
    """Return a file of the vocabulary by its name, such as ``columns``."""
    return tomllib.loads((Path(__file__).with_name("vocabulary") / f"{name}.toml").read_text(encoding="utf-8"))


def words_in_all_languages(by_language: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the words of all languages without duplicates, in the order of the file."""
    return tuple(dict.fromkeys(word for words in by_language.values() for word in words))
