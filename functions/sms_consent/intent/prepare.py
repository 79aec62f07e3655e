"""What is worked out once from the data files, so that a cold start does not: folded keywords and the vocabulary.

``python -m sms_consent.intent.prepare`` writes ``data/prepared.json``; a test fails when it is older than the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sms_consent.intent.folding import fold_keyword
from sms_consent.intent.keywords import DATA, Keyword, load_keywords, load_packs
from sms_consent.intent.lexicon import literals, load_sentences

__all__ = ["prepared"]


def prepared() -> dict[str, Any]:
    """Everything that is prepared, as it is written."""
    return {"keywords": _keywords(), "company": _company(), "ordinary": _ordinary(), "vocabulary": _vocabulary()}


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
                known = stems if entry.endswith("*") else words
                key = entry.rstrip("*")
                known[key] = known.get(key, 0) | 1 << place
    return {"languages": [pack["language"] for pack in packs], "words": words, "stems": stems}


if __name__ == "__main__":
    text = json.dumps(prepared(), ensure_ascii=False, separators=(",", ":"))
    (DATA / "prepared.json").write_text(text + "\n", encoding="utf-8")
