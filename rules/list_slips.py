"""
List the words that typo repair may restore, and the ordinary words one typing slip away, which it must not change.

    python -m rules.list_slips en es…     writes rules/slips/en.json, …

Needs ``pip install wordfreq`` (rspeer/wordfreq), which the project does not depend on. Words to restore are those of the
language's sentences; for stems, their most frequent forms. Run ``python -m rules.build`` afterwards.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import wordfreq  # type: ignore[import-not-found]  # not a dependency

from rules.build import OTHER_THINGS
from rules.sources import FOLDER, literals, requests_of, sentence_files
from sms_consent.intent.normalisation import fold_keyword
from sms_consent.intent.typos import Speller

SLIPS = FOLDER / "slips"
SHORTEST = 4  # letters
MOST_FORMS = 8  # of a stem
RAREST_FORM, RAREST_WORD = 3.0, 2.3  # Zipf's scale: 3 is once in a million words
NAMES = {"no": "nb"}


def entries(pack: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words and stems of a language's sentences."""
    listed = [words for name, words in pack["parts"].items() if name != OTHER_THINGS]
    for words in (*listed, pack.get("common", ""), *(name[2:] for name in literals(requests_of(pack)))):
        yield from words.replace("_", " ").split()


def frequencies(language: str) -> dict[str, float]:
    """Return the frequency of folded words, on Zipf's scale."""
    found: dict[str, float] = {}
    for word, frequency in wordfreq.get_frequency_dict(NAMES.get(language, language), "best").items():
        key = fold_keyword(word)
        found[key] = max(found.get(key, 0.0), wordfreq.freq_to_zipf(frequency))
    return found


def is_made_of(word: str, pieces: Set[str]) -> bool:
    """Return whether a word is a compound of two known words: "into", "weekend"."""
    return any(word[:cut] in pieces and word[cut:] in pieces for cut in range(2, len(word) - 1))


def listed(language: str) -> dict[str, str]:
    """Return the content of a language's file."""
    (pack,) = sentence_files(language)
    met = frequencies(language)
    words = set(entries(pack))
    pieces = {word for word in words if "*" not in word}
    for stem in sorted(word[:-1] for word in words if word.endswith("*") and len(word) > SHORTEST):
        forms = [word for word in met if word.startswith(stem) and met[word] >= RAREST_FORM]
        pieces.update(sorted(forms, key=lambda word: -met[word])[:MOST_FORMS])
    meant = {word for word in pieces if len(word) >= SHORTEST and word.isalpha() and word.isascii()}
    speller = Speller(meant, frozenset())
    beside = {
        word
        for word in met
        if met[word] >= RAREST_WORD and word not in meant and (speller.nearest(word) or is_made_of(word, pieces))
    }
    return {
        "title": f"Words that may be misspelt in a text in {language}, and ordinary words one slip away from them",
        "source": f"words: rules/sentences/{language}.json; forms and ordinary words: wordfreq 3 (rspeer/wordfreq)",
        "licence": "the words of wordfreq's lists: CC BY-SA 4.0",
        "words": " ".join(sorted(meant)),
        "beside": " ".join(sorted(beside)),
    }


def main() -> None:
    """Write the file of each language on the command line."""
    SLIPS.mkdir(exist_ok=True)
    for language in sys.argv[1:]:
        path: Path = SLIPS / f"{language}.json"
        path.write_text(json.dumps(listed(language), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
