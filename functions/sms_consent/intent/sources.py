"""Where a rule comes from, for a person who asks why; read from the data files only when somebody asks."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sms_consent.intent.keywords import DATA

__all__ = ["source_of"]

_FOLDERS = {"keyword": "keywords", "company": "keywords", "misspelt": "keywords", "sentence": "sentences"}


def source_of(rule: str) -> str:
    """The title and source of the file that holds the rule, or "" for a text that no rule spoke of."""
    kind, _, name = rule.partition(":")
    pack = name.partition("/")[0]
    if pack == "custom":
        return "Configured for this deployment"
    if kind == "immune":
        return _described("immunity")
    return _described(f"{_FOLDERS[kind]}/{pack}") if kind in _FOLDERS else ""


@cache
def _described(name: str) -> str:
    path = DATA / f"{name}.json"
    if not path.is_file():
        return ""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return f"{data['title']} ({data['source']})"
