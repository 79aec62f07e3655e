"""The published sources of the rules, which explain a classification."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

__all__ = ["source_of"]

_FOLDERS = {"keyword": "keywords", "company": "keywords", "misspelt": "keywords", "sentence": "sentences"}
_BESIDE = {"company": "keyword_context", "misspelt": "typos"}
"""Files that allow a keyword beside other words, or misspelt."""
_PARTS = frozenset({"label", "content"})
"""Prefixes of rules that were applied to a part of RCS content (``sms_consent.intent.rcs_content``)."""
_RCS = {
    "event": "RCS subscription event (AWS End User Messaging user guide, rcs-events)",
    "postback": "Configured for this deployment (SuggestionPostbacks)",
}


def source_of(rule: str) -> str:
    """Return the titles and sources of the files that hold a rule, or "" if no rule applied."""
    kind, _, name = rule.partition(":")
    if kind in _PARTS:
        return source_of(name)
    if kind in _RCS:
        return _RCS[kind]
    if kind == "immune":
        return _titles().get("non_authored_text", "")
    if kind not in _FOLDERS:
        return ""
    file, _, own = name.partition("/")
    if own == "weighed":
        return _titles().get(f"weights/{file}", "")
    beside = f"; {_titles()[_BESIDE[kind]]}" if kind in _BESIDE else ""
    if file == "custom":
        return f"Configured for this deployment{beside}"
    return _titles().get(f"{_FOLDERS[kind]}/{file}", "") + beside


@cache
def _titles() -> dict[str, str]:
    """Read the titles and sources, which ``rules/build.py`` has collected."""
    titles: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return titles
