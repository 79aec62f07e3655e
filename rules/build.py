"""What is worked out once from the data files, so that a cold start does not: folded keywords and vocabularies.

``python -m sms_consent.intent.prepare`` writes ``data/prepared``; a test fails when it is older than the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sms_consent.intent.keywords import DATA, Keyword, load_keywords, load_packs
from sms_consent.intent.lexicon import literals, load_sentences
from sms_consent.intent.linear_model import WHOLE, beginning_of
from sms_consent.intent.normalisation import fold_keyword
from sms_consent.intent.sorted_lookup import joined
from sms_consent.intent.typos import halves

__all__ = ["OTHER_THINGS", "grammar", "prepared"]

OTHER_THINGS = "OTHERTHING"
"""What a text is about that asks for no end of texts: it tells no language, so that a cold start need not read it."""


def prepared() -> dict[str, dict[str, Any]]:
    """Everything that is prepared, by the file it goes to.

    Keywords are needed at once, ``reading`` by the first text that is none, ``vocabulary`` by the first word in other letters
    than Latin ones, a language by its first sentence.
    """
    vocabulary = _vocabulary()
    others = vocabulary.pop("others")
    reading = {"company": _company(), "ordinary": _ordinary(), "vocabulary": vocabulary, "immunity": _immunity()}
    return {"keywords": _keywords(), "reading": reading, "vocabulary": others, **_grammars()}


def _keywords() -> dict[str, list[Any]]:
    return {key: _row(keyword) for key, keyword in load_keywords(load_packs()).items()}


def _row(keyword: Keyword) -> list[Any]:
    row = [keyword.intent.value, keyword.rule, keyword.language, keyword.whole_message_only]
    return [*row, True] if keyword.everyday else row


def _company() -> dict[str, str]:
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
        "about_us": set(data["about_us"].split()),
        "surprise": set(map(fold_keyword, data["surprise"])),
        "plainly_asking": set(data["plainly_asking"].split()),
    }
    return {name: "|".join(sorted(words - {""})) for name, words in found.items()}


def _immunity() -> dict[str, Any]:
    """What automatic replies say of themselves, and the words by which instructions are known."""
    data: Mapping[str, Any] = json.loads((DATA / "immunity.json").read_text(encoding="utf-8"))
    lists, machine = (
        {name: "|".join(map(fold_keyword, words.split())) for name, words in data[group].items()}
        for group in ("instruction", "machine")
    )
    machine["passing"] = "|".join(data["machine"]["passing"].split())
    machine["passing_keywords"] = "|".join(
        fold_keyword(phrase.replace("_", " ")) for phrase in data["machine"]["passing_keywords"].split()
    )
    phrases = {name: "|".join(map(fold_keyword, data[name])) for name in ("automatic", "spoken", "hints")}
    return {**phrases, "machine": machine, "instruction": lists}


def _ordinary() -> str:
    listed = json.loads((DATA / "misspelling.json").read_text(encoding="utf-8"))["ordinary"]
    return " ".join(sorted({fold_keyword(word) for word in listed.split()}))


def _vocabulary() -> dict[str, Any]:
    """Which languages know a word, one bit a language, in the order of ``languages``; words by their first letters."""
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    packs = load_sentences()
    for place, pack in enumerate(packs):
        named = "" if pack["frames"] == "shared" else " ".join(name[2:] for name in literals(pack["frames"]))
        telling = [listed for name, listed in pack["parts"].items() if name != OTHER_THINGS]
        for listed in (*telling, pack["common"], named):
            for entry in listed.replace("_", " ").split():
                if entry.startswith("*"):  # a compound's ending: its other words tell the language
                    continue
                known = stems if entry.endswith("*") else words
                key = entry.rstrip("*")
                known[key] = known.get(key, 0) | 1 << place
    return {
        "languages": [pack["language"] for pack in packs],
        "words": _by_letter({word: known_by for word, known_by in words.items() if word[0].isascii()}),
        "stems": _by_value(stems),
        "others": _by_letter({word: known_by for word, known_by in words.items() if not word[0].isascii()}),
    }


def _by_letter(words: Mapping[str, int]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, int]] = {}
    for word, known_by in words.items():
        found.setdefault(word[0], {})[word] = known_by
    return {letter: _by_value(listed) for letter, listed in sorted(found.items())}


def _by_value(known: Mapping[str, int]) -> dict[str, str]:
    """Words joined by the places of their bits: a tenth of the parts that JSON has to read."""
    found: dict[int, list[str]] = {}
    for word in sorted(known):
        found.setdefault(known[word], []).append(word)
    return {_places(bits): " ".join(words) for bits, words in found.items()}


def _places(bits: int) -> str:
    return ",".join(str(place) for place in range(bits.bit_length()) if bits >> place & 1)


def _grammars() -> dict[str, dict[str, Any]]:
    shared = json.loads((DATA / "frames.json").read_text(encoding="utf-8"))["frames"]
    found: dict[str, dict[str, Any]] = {}
    for pack in load_sentences():
        language: str = pack["language"]
        path = DATA / "weights" / f"{language}.json"
        weights = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        if weights:
            found[f"weights-{language}"] = _weights(weights)
        slips = DATA / "slips" / f"{language}.json"
        if slips.is_file():
            found[f"slips-{language}"] = _slips(json.loads(slips.read_text(encoding="utf-8")))
        frames = shared if pack["frames"] == "shared" else pack["frames"]
        found[language] = grammar(pack, frames) | {
            "mended": slips.is_file(),
            "weighed": weights is not None,
            "surer": weights is not None and "limits" not in weights,
        }
    return found


def grammar(pack: Mapping[str, Any], frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a lexicon is made of: the words by the parts that they play, and the element by which each pattern is looked up."""
    named = sorted(literals(frames))
    common = set(pack.get("common", "").split())
    lists = {**pack["parts"], "BREAK": pack["breakers"], **{name: name[2:] for name in named}}
    counts = {name: len(common & set(words.split())) for name, words in lists.items()}
    names = [*pack["parts"], *named, "BREAK", "NAME"]
    return {
        "language": pack["language"],
        "unspaced": bool(pack.get("unspaced")),
        "doubted": pack.get("doubted", ""),
        "names": names,
        **_entries(_played(lists, names)),
        "frames": frames,
        "anchors": [[_anchor(pattern, counts) for pattern in frame["patterns"]] for frame in frames],
    }


def _played(lists: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    """Every entry with the bits of its parts."""
    entries: dict[str, int] = {}
    for name, listed in lists.items():
        for entry in listed.split():
            entries[entry] = entries.get(entry, 0) | 1 << names.index(name)
    return entries


def _entries(entries: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Entries as they are looked up: single words, stems and endings by their parts, phrases by their beginnings."""
    single = {entry: parts for entry, parts in entries.items() if "_" not in entry}
    phrases: dict[str, list[tuple[list[str], int]]] = {}
    stem_phrases: dict[str, list[tuple[list[str], int]]] = {}
    for entry, parts in entries.items():
        if "_" in entry and "*" in entry:
            first, *rest = entry.split("_")
            stem_phrases.setdefault(first, []).append((rest, parts))
        elif "_" in entry:
            first, second, *rest = entry.split("_")
            phrases.setdefault(f"{first} {second}", []).append((rest, parts))
    return {
        "words": _by_value({entry: parts for entry, parts in single.items() if "*" not in entry}),
        "stems": _by_value({entry[:-1]: parts for entry, parts in single.items() if entry.endswith("*")}),
        "endings": _by_value({entry[1:]: parts for entry, parts in single.items() if entry.startswith("*")}),
        "phrases": _joined(phrases),
        "stem_phrases": _joined(stem_phrases),
    }


def _joined(phrases: Mapping[str, list[tuple[list[str], int]]]) -> dict[str, str]:
    return {
        beginning: " ".join(
            f"{'_'.join(rest)}={_places(parts)}" for rest, parts in sorted(rows, key=lambda row: -len(row[0]))
        )
        for beginning, rows in phrases.items()
    }


def _weights(data: Mapping[str, Any]) -> dict[str, Any]:
    """By what marks begin with, and are looked up by: their weights, and after that what else they are."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for weight, marks in data["weights"].items():
        for mark in marks.split("|"):
            beginning = beginning_of(mark)
            weights, rests = found.setdefault(beginning, ([], []))
            weights.append(str(round(float(weight) * WHOLE)))
            rests.append(mark.removeprefix(beginning))
    listed = {beginning: f"{' '.join(weights)}|{'|'.join(rests)}" for beginning, (weights, rests) in found.items()}
    own = {"limits": data["limits"]} if "limits" in data else {}
    return {"bias": data["bias"], **own, "marks": joined(listed)}


def _slips(data: Mapping[str, str]) -> dict[str, str]:
    """Words by their halves, one of which a slip leaves as it is: a mistyped one is compared with few."""
    found: dict[str, list[str]] = {}
    for word in data["words"].split():
        for half in halves(word):
            found.setdefault(half, []).append(word)
    return {
        "words": joined({half: " ".join(words) for half, words in found.items()}),
        "beside": data["beside"],
    }


def _anchor(pattern: str, counts: Mapping[str, int]) -> str:
    """The element without which a pattern cannot match and which the fewest common words can be."""
    needed = [token for token in pattern.split() if token[0] not in "<>.!" and token[-1] not in "?*>"]
    return min(needed, key=lambda token: sum(counts.get(name, 0) for name in token.split("|")))


_LATIN = frozenset({"reading", "en", "weights-en"})
"""Read faster in ASCII, though they are longer."""

if __name__ == "__main__":
    for name, content in prepared().items():
        text = json.dumps(content, ensure_ascii=name in _LATIN, separators=(",", ":"))
        (DATA / "prepared" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
