"""Where a rule comes from, for a person who asks why; read from the data files only when somebody asks."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sms_consent.intent.keywords import DATA

__all__ = ["source_of"]

_FOLDERS = {"keyword": "keywords", "company": "keywords", "misspelt": "keywords", "sentence": "sentences"}
_BESIDE = {"company": "company", "misspelt": "misspelling"}
"""What lets a keyword count that is not the whole message, or is wrongly typed."""
_PARTS = frozenset({"label", "content"})
"""Prefixes of rules that were applied to a part of RCS content (``sms_consent.intent.rcs_content``)."""
_RCS = {
    "event": "RCS subscription event (AWS End User Messaging user guide, rcs-events)",
    "postback": "Configured for this deployment (SuggestionPostbacks)",
}


def source_of(rule: str) -> str:
    """The titles and sources of the files that hold the rule, or "" for a text that no rule spoke of."""
    kind, _, name = rule.partition(":")
    if kind in _PARTS:
        return source_of(name)
    if kind in _RCS:
        return _RCS[kind]
    pack, _, own = name.partition("/")
    if kind == "immune":
        return _described("immunity")
    if kind not in _FOLDERS:
        return ""
    if own == "weighed":
        return _described(f"weights/{pack}")
    beside = f"; {_described(_BESIDE[kind])}" if kind in _BESIDE else ""
    if pack == "custom":
        return f"Configured for this deployment{beside}"
    shared = f"; {_described('frames')}" if kind == "sentence" and _has_shared_frames(pack) else ""
    return f"{_described(f'{_FOLDERS[kind]}/{pack}')}{beside}{shared}"


def _has_shared_frames(language: str) -> bool:
    path = DATA / "sentences" / f"{language}.json"
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["frames"] == "shared"


@cache
def _described(name: str) -> str:
    path = DATA / f"{name}.json"
    if not path.is_file():
        return ""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return f"{data['title']} ({data['source']})"
