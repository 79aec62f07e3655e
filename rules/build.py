"""Build the data files of the classifier from the sources in this folder: ``python -m rules.build``.

The sources are easy to read and change; the built data is fast to load at a cold start.
The same sources always give the same files. Besides the data for ``functions/sms_consent/intent``, the build writes the
sources that ``sms-consent explain`` shows, and the version of the rules (see ``rules/CHANGELOG.md``).

After a change:

    python -m rules.build --change "What changed, in one line"
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from rules import sources
from rules.sources import FOLDER, keyword_files, literals, load, requests_of, sentence_files
from sms_consent.intent.keywords import Keyword
from sms_consent.intent.linear_model import WHOLE, beginning_of
from sms_consent.intent.lookup import joined
from sms_consent.intent.normalisation import fold_keyword
from sms_consent.intent.typos import halves

__all__ = [
    "CHANGELOG",
    "OTHER_THINGS",
    "Release",
    "built",
    "content_digest",
    "grammar",
    "main",
    "next_release",
    "releases",
]

ROOT = FOLDER.parent
CHANGELOG = FOLDER / "CHANGELOG.md"
OTHER_THINGS = "OTHERTHING"
"""The part of words about other things than texts. They are in no vocabulary, because they do not identify a language."""

_INTENT = ROOT / "functions" / "sms_consent" / "intent"
_EXPLAIN = ROOT / "cli" / "sms_consent_cli" / "shared" / "rule_sources.json"
_ASCII = frozenset({"lower_tiers", "languages/en", "weights/en"})
"""Files that most cold starts read. ASCII is parsed faster, although these files are longer in it."""
_RELEASE = re.compile(r"^- (\d{4}\.\d{2}\.\d{2})\+([0-9a-f]{8}): (.+)$", re.MULTILINE)
_VERSION_MODULE = '''"""The version of the rules. Written by ``python -m rules.build`` from ``rules/CHANGELOG.md``."""

__all__ = ["RULES_VERSION"]

RULES_VERSION = "{version}"
"""Stored with every decision. Later rules have a greater version, compared as text; the part after the plus sign identifies
the content."""
'''


class Release(NamedTuple):
    """One version of the rules: its number, the digest of the built data, and a description of the change."""

    number: str
    digest: str
    change: str

    @property
    def version(self) -> str:
        """The version as stored in decisions."""
        return f"{self.number}+{self.digest}"


def built() -> dict[str, dict[str, Any]]:
    """Return the content of every data file of the functions, by the file's name.

    ``keywords``, ``mandatory`` and ``look_alikes`` are loaded at once; ``lower_tiers`` for the first text that is not a keyword;
    ``clauses`` for the first text with a comma; ``vocabulary`` for the first word in non-Latin letters; ``typos`` for the first
    misspelt word; a language's files for its first sentence.
    """
    vocabulary = _vocabulary()
    others = vocabulary.pop("others")
    lower_tiers = {
        "keyword_context": _keyword_context(),
        "ordinary": _ordinary(),
        "vocabulary": vocabulary,
        "non_authored_text": _non_authored_text(),
    }
    return {
        "keywords": _keywords(),
        "mandatory": _mandatory(),
        "look_alikes": load("look_alikes")["letters"],
        "lower_tiers": lower_tiers,
        "vocabulary": others,
        "clauses": {"after_stop": load("clauses")["after_stop"]},
        "typos": {name: value for name, value in load("typos").items() if name in _TYPOS},
        **_grammars(),
    }


_TYPOS = ("means", "in_sentences", "beside_sentences", "swapped", "run_together", "slips", "by_ear")


def content_digest(content: Mapping[str, Any]) -> str:
    """Return eight hexadecimal digits of a hash of the built data. Order counts, as the first of two equal keywords applies."""
    canonical = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def releases(changelog: str) -> list[Release]:
    """Return the versions that a changelog lists, the newest first."""
    return [Release(*match.groups()) for match in _RELEASE.finditer(changelog)]


def next_release(newest: Release, digest: str, change: str, today: date) -> Release:
    """Return the next version: year, month, and a two-digit count within the month."""
    month = max(newest.number[:7], f"{today:%Y.%m}")
    count = int(newest.number[8:]) + 1 if newest.number[:7] == month else 1
    return Release(f"{month}.{count:02}", digest, " ".join(change.split()))


def files(version: str, content: Mapping[str, Mapping[str, Any]]) -> dict[Path, str]:
    """Return every file that the build writes, with its text."""
    data = {
        _INTENT / "data" / f"{name}.json": json.dumps(each, ensure_ascii=name in _ASCII, separators=(",", ":")) + "\n"
        for name, each in content.items()
    }
    shown = json.dumps(_explained(), ensure_ascii=False, indent=1) + "\n"
    return data | {_EXPLAIN: shown, _INTENT / "rules_version.py": _VERSION_MODULE.format(version=version)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the built data. Exit with an error if the content has changed and ``--change`` is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m rules.build", description="Build the data that the functions read."
    )
    parser.add_argument("--change", help="what changed, in one line: adds a version to rules/CHANGELOG.md")
    change: str | None = parser.parse_args(arguments).change
    content = built()
    digest, changelog = content_digest(content), CHANGELOG.read_text(encoding="utf-8")
    newest = releases(changelog)[0]
    if change:
        release = next_release(newest, digest, change, date.today())  # noqa: DTZ011 - a developer's own date
        line = f"- {release.version}: {release.change}\n"
        place = changelog.index(f"- {newest.version}: ")
        CHANGELOG.write_text(changelog[:place] + line + changelog[place:], encoding="utf-8")
        newest = release
    elif digest != newest.digest:
        sys.stderr.write('The rules have changed. Run: python -m rules.build --change "What changed, in one line"\n')
        return 1
    written = files(newest.version, content)
    for path in (_INTENT / "data").rglob("*.json"):
        if path not in written:
            path.unlink()
    for path, text in written.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"rules {newest.version}\n")
    return 0


def _explained() -> dict[str, str]:
    """Return the title and source of every source file, by its name, for ``sms-consent explain``."""
    names = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in sorted(FOLDER.rglob("*.json"))]
    titles = {name: f"{data['title']} ({data['source']})" for name in names if "title" in (data := load(name))}
    shared = f"; {titles['shared_requests']}"
    for file in sentence_files():
        if file["requests"] == "shared":
            titles[f"sentences/{file['language']}"] += shared
    return titles


def _keywords() -> dict[str, list[Any]]:
    return {key: _row(keyword) for key, keyword in sources.keywords(keyword_files()).items()}


def _mandatory() -> dict[str, str]:
    """Return the intents of the mandatory words, by their look-up form: folded, without spaces."""
    data, meanings = load("mandatory"), {"opt_out": "OPT_OUT", "opt_in": "OPT_IN", "help": "HELP"}
    return {fold_keyword(word).replace(" ", ""): intent for name, intent in meanings.items() for word in data[name]}


def _row(keyword: Keyword) -> list[Any]:
    row = [keyword.intent.value, keyword.rule, keyword.language, keyword.whole_message_only]
    return [*row, True] if keyword.everyday else row


def _keyword_context() -> dict[str, str]:
    data = load("keyword_context")

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


def _non_authored_text() -> dict[str, Any]:
    """Return the phrases of automatic replies, and the words that mark instructions."""
    data = load("non_authored_text")
    lists, machine = (
        {name: "|".join(map(fold_keyword, words.split())) for name, words in data[group].items()}
        for group in ("instruction", "machine")
    )
    machine["passing"] = "|".join(data["machine"]["passing"].split())
    machine["passing_keywords"] = "|".join(
        fold_keyword(phrase.replace("_", " ")) for phrase in data["machine"]["passing_keywords"].split()
    )
    phrases = {name: "|".join(map(fold_keyword, data[name])) for name in ("automatic", "spoken", "hints")}
    reactions = {fold_keyword(form) for forms in data["reactions"].values() for form in forms.split("|")}
    quotation = {name: data[name] for name in ("quoted_after", "forwarded", "first_person", "said", "how_ours_end")}
    quotation["reactions"] = "|".join(sorted(reactions))
    return {**phrases, "machine": machine, "instruction": lists, "quotation": quotation}


def _ordinary() -> str:
    listed: str = load("typos")["ordinary"]
    return " ".join(sorted({fold_keyword(word) for word in listed.split()}))


def _vocabulary() -> dict[str, Any]:
    """Return the languages of each word as bits, in the order of ``languages``, grouped by first letter."""
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    packs = sentence_files()
    for place, pack in enumerate(packs):
        named = "" if pack["requests"] == "shared" else " ".join(name[2:] for name in literals(pack["requests"]))
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
    """Group words by their bits, so that JSON has a tenth of the values to parse."""
    found: dict[int, list[str]] = {}
    for word in sorted(known):
        found.setdefault(known[word], []).append(word)
    return {_places(bits): " ".join(words) for bits, words in found.items()}


def _places(bits: int) -> str:
    return ",".join(str(place) for place in range(bits.bit_length()) if bits >> place & 1)


def _grammars() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for pack in sentence_files():
        language: str = pack["language"]
        weights = load(f"weights/{language}") if (FOLDER / "weights" / f"{language}.json").is_file() else None
        if weights:
            found[f"weights/{language}"] = _weights(weights)
        has_slips = (FOLDER / "slips" / f"{language}.json").is_file()
        if has_slips:
            found[f"slips/{language}"] = _slips(load(f"slips/{language}"))
        found[f"languages/{language}"] = grammar(pack, requests_of(pack)) | {
            "has_slips": has_slips,
            "has_weights": weights is not None,
            "has_reliable_weights": weights is not None and "limits" not in weights,
        }
    return found


def grammar(pack: Mapping[str, Any], requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a language's data file: words by their parts, and patterns by the element that looks them up."""
    named = sorted(literals(requests))
    common = set(pack.get("common", "").split())
    lists = {**pack["parts"], "BREAK": pack["breakers"], **{name: name[2:] for name in named}}
    counts = {name: len(common & set(words.split())) for name, words in lists.items()}
    names = [*pack["parts"], *named, "BREAK", "NAME"]
    return {
        "language": pack["language"],
        "unspaced": bool(pack.get("unspaced")),
        "doubtful": pack.get("doubtful", ""),
        "names": names,
        **_entries(_played(lists, names)),
        "requests": requests,
        "anchors": [[_anchor(pattern, counts) for pattern in request["patterns"]] for request in requests],
    }


def _played(lists: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    """Return each word or phrase with the bits of its parts."""
    entries: dict[str, int] = {}
    for name, listed in lists.items():
        for entry in listed.split():
            entries[entry] = entries.get(entry, 0) | 1 << names.index(name)
    return entries


def _entries(entries: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Return the entries for look-up: words, stems and endings by their parts, phrases by their first word."""
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
    """Group features by their first word or part. Each has the rest of the feature, and its weight."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for weight, features in data["weights"].items():
        for feature in features.split("|"):
            beginning = beginning_of(feature)
            weights, rests = found.setdefault(beginning, ([], []))
            weights.append(str(round(float(weight) * WHOLE)))
            rests.append(feature.removeprefix(beginning))
    listed = {beginning: f"{' '.join(weights)}|{'|'.join(rests)}" for beginning, (weights, rests) in found.items()}
    own = {"limits": data["limits"]} if "limits" in data else {}
    return {"bias": data["bias"], **own, "features": joined(listed)}


def _slips(data: Mapping[str, str]) -> dict[str, str]:
    """Group words by their halves. A typing slip leaves one half unchanged, so a misspelt word is compared with few."""
    found: dict[str, list[str]] = {}
    for word in data["words"].split():
        for half in halves(word):
            found.setdefault(half, []).append(word)
    return {
        "words": joined({half: " ".join(words) for half, words in found.items()}),
        "beside": data["beside"],
    }


def _anchor(pattern: str, counts: Mapping[str, int]) -> str:
    """Return the required element of a pattern that is the rarest among common words. The pattern is looked up by it."""
    needed = [token for token in pattern.split() if token[0] not in "<>.!" and token[-1] not in "?*>"]
    return min(needed, key=lambda token: sum(counts.get(name, 0) for name in token.split("|")))


if __name__ == "__main__":
    sys.exit(main())
