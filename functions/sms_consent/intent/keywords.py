"""Which whole messages are keywords: the words of carriers, regulators and platforms, and of each language.

The words and their sources are in ``data/keywords``, one file a source. Words on which two sources disagree, or that
are ordinary answers somewhere, are settled there too, with the reason beside them (``unclear.json``, ``ordinary.json``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sms_consent.intent.normalisation import fold_keyword
from sms_consent.intent.result import Intent

__all__ = ["DATA", "Keyword", "load_keywords", "load_packs", "load_prepared", "prepared_keywords"]

DATA = Path(__file__).parent / "data"
_GENERAL = ("aws", "fcc", "ctia", "twilio", "telnyx", "plivo", "vonage", "canada", "sinch")
"""Sources that hold everywhere, in the order in which they are named as the reason for a word."""
_INTENTS = (
    ("opt_out", Intent.OPT_OUT),
    ("opt_in", Intent.OPT_IN),
    ("help", Intent.HELP),
    ("unclear", Intent.UNCLEAR),
    ("ordinary", Intent.NONE),
)


class Keyword(NamedTuple):
    """One keyword: what it asks for, where it comes from, and whether it also counts in company or misspelt.

    An ``everyday`` word opts in, as carriers have it, but is also an ordinary answer, such as YES: it counts only for a
    person who opted out before.
    """

    key: str
    intent: Intent
    rule: str
    language: str | None
    whole_message_only: bool
    everyday: bool = False

    @property
    def is_removed(self) -> bool:
        """Whether a deployment has made it an ordinary word."""
        return self.intent is Intent.NONE and self.rule.startswith("keyword:custom/")


def load_packs() -> list[dict[str, Any]]:
    """Every source's file; those that hold everywhere first."""
    names = [*_GENERAL, *sorted({path.stem for path in (DATA / "keywords").glob("*.json")} - set(_GENERAL))]
    return [json.loads((DATA / "keywords" / f"{name}.json").read_text(encoding="utf-8")) for name in names]


def load_keywords(packs: Iterable[Mapping[str, Any]]) -> dict[str, Keyword]:
    """All built-in keywords by their folded form.

    The first source names the rule, language packs give the language. A word of two languages is of none, and so is one
    that no language pack claims: the reply then goes out in the language of the sender.
    """
    found: dict[str, Keyword] = {}
    languages: dict[str, set[str]] = {}
    whole: set[str] = set()
    everyday: set[str] = set()
    for pack in packs:
        whole.update(map(fold_keyword, pack.get("whole_message_only", ())))
        everyday.update(map(fold_keyword, pack.get("everyday", ())))
        for name, intent in _INTENTS:
            for word in pack.get(name, ()):
                key = fold_keyword(word)
                known = found.setdefault(key, Keyword(key, intent, f"keyword:{pack['id']}/{word}", None, False))
                if pack["language"] and known.intent is intent:
                    languages.setdefault(key, set()).add(pack["language"])
    found.pop("", None)
    return {
        key: keyword._replace(
            language=next(iter(languages[key])) if len(languages.get(key, ())) == 1 else None,
            whole_message_only=key in whole,
            everyday=key in everyday,
        )
        for key, keyword in found.items()
    }


def load_prepared(name: str) -> dict[str, Any]:
    """What ``sms_consent.intent.prepare`` has made of the data, so that a cold start need not."""
    content: dict[str, Any] = json.loads((DATA / "prepared" / f"{name}.json").read_bytes())
    return content


def prepared_keywords() -> dict[str, Keyword]:
    """All built-in keywords, as ``sms_consent.intent.prepare`` has made them."""
    intents = {intent.value: intent for intent in Intent}
    return {key: Keyword(key, intents[row[0]], *row[1:]) for key, row in load_prepared("keywords").items()}
