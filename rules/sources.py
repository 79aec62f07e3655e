"""Reading the source files of the rules, and the keywords in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sms_consent.intent.keywords import Keyword
from sms_consent.intent.normalisation import fold_keyword
from sms_consent.intent.result import Intent

__all__ = ["FOLDER", "keyword_files", "keywords", "literals", "load", "requests_of", "sentence_files"]

FOLDER = Path(__file__).parent
_GENERAL = ("aws", "fcc", "ctia", "twilio", "telnyx", "plivo", "vonage", "canada", "sinch")
"""Keyword files that hold in every language. If a word is in several, the first of these names the rule."""
_INTENTS = (
    ("opt_out", Intent.OPT_OUT),
    ("opt_in", Intent.OPT_IN),
    ("help", Intent.HELP),
    ("unclear", Intent.UNCLEAR),
    ("ordinary", Intent.NONE),
)


def load(name: str) -> dict[str, Any]:
    """Return the content of one source file, such as ``keywords/aws``."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def keyword_files() -> list[dict[str, Any]]:
    """Return all keyword files, those without a language first."""
    names = [*_GENERAL, *sorted({path.stem for path in (FOLDER / "keywords").glob("*.json")} - set(_GENERAL))]
    return [load(f"keywords/{name}") for name in names]


def sentence_files(language: str = "*") -> list[dict[str, Any]]:
    """Return the sentence file of one language; by default, those of all languages."""
    return [load(f"sentences/{path.stem}") for path in sorted((FOLDER / "sentences").glob(f"{language}.json"))]


def requests_of(sentences: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the requests of a sentence file: its own or the shared ones."""
    own = sentences["requests"]
    requests: Sequence[Mapping[str, Any]] = load("shared_requests")["requests"] if own == "shared" else own
    return requests


def literals(requests: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the literal words in the patterns of requests, such as ``w:back``."""
    found: set[str] = set()
    for each in requests:
        for pattern in (*each["patterns"], each.get("unless", ""), each.get("soften", ""), each.get("needs", "")):
            for token in pattern.split():
                found.update(name for name in token.strip("!?*").split("|") if name.startswith("w:"))
    return found


def keywords(files: Iterable[Mapping[str, Any]]) -> dict[str, Keyword]:
    """Return all built-in keywords by their folded form.

    The rule is that of the first file with the word. The language is that of the only language file with the word; otherwise
    there is none, and the reply is in the sender's language.
    """
    found: dict[str, Keyword] = {}
    languages: dict[str, set[str]] = {}
    whole: set[str] = set()
    everyday: set[str] = set()
    for file in files:
        whole.update(map(fold_keyword, file.get("whole_message_only", ())))
        everyday.update(map(fold_keyword, file.get("everyday", ())))
        for name, intent in _INTENTS:
            for word in file.get(name, ()):
                key = fold_keyword(word)
                known = found.setdefault(key, Keyword(key, intent, f"keyword:{file['id']}/{word}", None, False))
                if file["language"] and known.intent is intent:
                    languages.setdefault(key, set()).add(file["language"])
    found.pop("", None)
    return {
        key: keyword._replace(
            language=next(iter(languages[key])) if len(languages.get(key, ())) == 1 else None,
            whole_message_only=key in whole,
            everyday=key in everyday,
        )
        for key, keyword in found.items()
    }
