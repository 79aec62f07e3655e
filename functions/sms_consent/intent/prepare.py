"""What is worked out once from the data files, so that a cold start does not: folded keywords and the vocabulary.

``python -m sms_consent.intent.prepare`` writes ``data/prepared``; a test fails when it is older than the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sms_consent.intent.folding import fold_keyword
from sms_consent.intent.keywords import DATA, Keyword, load_keywords, load_packs
from sms_consent.intent.lexicon import literals, load_sentences

__all__ = ["prepared"]


def prepared() -> dict[str, dict[str, Any]]:
    """Everything that is prepared, by the file it goes to: keywords are needed at once, the rest by the first sentence."""
    reading = {"company": _company(), "ordinary": _ordinary(), "vocabulary": _vocabulary(), "grammars": _grammars()}
    return {"keywords": _keywords(), "reading": reading}


def _keywords() -> dict[str, list[Any]]:
    return {key: _row(keyword) for key, keyword in load_keywords(load_packs(), {}).items()}


def _row(keyword: Keyword) -> list[Any]:
    return [keyword.intent.value, keyword.rule, keyword.language, keyword.whole_message_only]


def _company() -> dict[str, list[str]]:
    data: Mapping[str, Any] = json.loads((DATA / "company.json").read_text(encoding="utf-8"))

    def group(*names: str) -> set[str]:
        listed = (words for name in names for words in data["groups"][name].values())
        return {fold_keyword(phrase) for words in listed for phrase in words.split("|")}

    refusals = {fold_keyword(word) for word in data["only_beside_opt_out"].split("|")}
    found = {
        "strong": group("courtesy", "subject", "person"),
        "weak": group("courtesy", "subject"),
        "refusals": refusals,
        "start": group("courtesy", "subject"),
        "help": group("courtesy") | {fold_keyword(phrase) for phrase in data["help"].split("|")},
        "weak_keywords": set(map(fold_keyword, data["weak"])),
        "determiners": set(map(fold_keyword, data["determiners"])),
        "laughter": set(data["laughter"]),
        "questions": set(map(fold_keyword, data["questions"])),
    }
    return {name: sorted(words - {""}) for name, words in found.items()}


def _ordinary() -> list[str]:
    listed = json.loads((DATA / "misspelling.json").read_text(encoding="utf-8"))["ordinary"]
    return sorted({fold_keyword(word) for word in listed.split()})


def _vocabulary() -> dict[str, Any]:
    """Which languages know a word, one bit a language, in the order of ``languages``."""
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    packs = load_sentences()
    for place, pack in enumerate(packs):
        named = "" if pack["frames"] == "shared" else " ".join(name[2:] for name in literals(pack["frames"]))
        for listed in (*pack["parts"].values(), pack["common"], named):
            for entry in listed.replace("_", " ").split():
                if entry.startswith("*"):  # a compound's ending: its other words tell the language
                    continue
                known = stems if entry.endswith("*") else words
                key = entry.rstrip("*")
                known[key] = known.get(key, 0) | 1 << place
    return {"languages": [pack["language"] for pack in packs], "words": _by_value(words), "stems": _by_value(stems)}


def _by_value(known: Mapping[str, int]) -> dict[str, str]:
    """Words joined by the languages that know them: a tenth of the parts that JSON has to read."""
    found: dict[int, list[str]] = {}
    for word in sorted(known):
        found.setdefault(known[word], []).append(word)
    return {str(languages): " ".join(words) for languages, words in found.items()}


def _grammars() -> dict[str, dict[str, Any]]:
    """For each language the words that its frames name, and the element by which each pattern is looked up."""
    shared = json.loads((DATA / "frames.json").read_text(encoding="utf-8"))["frames"]
    found: dict[str, dict[str, Any]] = {}
    for pack in load_sentences():
        frames = shared if pack["frames"] == "shared" else pack["frames"]
        named = sorted(literals(frames))
        common = set(pack["common"].split())
        lists = {**pack["parts"], "BREAK": pack["breakers"], **{name: name[2:] for name in named}}
        counts = {name: len(common & set(words.split())) for name, words in lists.items()}
        anchors = [[_anchor(pattern, counts) for pattern in frame["patterns"]] for frame in frames]
        found[pack["language"]] = {"literals": named, "anchors": anchors}
    return found


def _anchor(pattern: str, counts: Mapping[str, int]) -> str:
    """The element without which a pattern cannot match and which the fewest common words can be."""
    needed = [token for token in pattern.split() if token[0] not in "<>.!" and token[-1] not in "?*>"]
    return min(needed, key=lambda token: sum(counts.get(name, 0) for name in token.split("|")))


if __name__ == "__main__":
    for name, content in prepared().items():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (DATA / "prepared" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
