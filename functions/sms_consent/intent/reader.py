"""What a text asks for: the tiers in the order of their evidence, the first that speaks decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sms_consent.intent.folding import Folded, fold
from sms_consent.intent.keywords import Keyword, load_keywords, load_packs
from sms_consent.intent.look_alikes import looks_like
from sms_consent.intent.reading import Intent, Reading, Tier

__all__ = ["RULES_VERSION", "Reader"]

RULES_VERSION = "2026.11.1"
"""Kept with every decision. It changes whenever a rule or a word does."""

_NOTHING = Reading(Intent.NONE, None, "none", "", None, RULES_VERSION)


class Reader:
    """Reads texts by the built-in rules and a deployment's own keywords, which stand above them.

    ``ordinary`` are words that ask for nothing in this deployment, such as YES where texts ask yes-or-no questions.
    """

    def __init__(
        self,
        *,
        opt_out: Iterable[str] = (),
        opt_in: Iterable[str] = (),
        help: Iterable[str] = (),  # noqa: A002 - the field's own word for this keyword
        ordinary: Iterable[str] = (),
    ) -> None:
        packs = load_packs()
        custom = {"opt_out": opt_out, "opt_in": opt_in, "help": help, "ordinary": ordinary}
        self._packs: dict[str, dict[str, Any]] = {pack["id"]: pack for pack in packs}
        self._keywords = load_keywords(packs, custom)

    def read(self, text: str) -> Reading:
        """Read one text. Pure; never raises, whatever the text."""
        folded = fold(text)
        key = folded.key
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        return _reading(keyword, folded) if keyword else _NOTHING

    def sources(self, rule: str) -> str:
        """Where a rule comes from, for a person who asks why."""
        kind, _, name = rule.partition(":")
        pack = self._packs.get(name.partition("/")[0])
        if kind != "keyword" or pack is None:
            return "configured for this deployment" if name.startswith("custom/") else ""
        return f"{pack['title']} ({pack['source']})"


def _reading(keyword: Keyword, folded: Folded) -> Reading:
    if keyword.intent is Intent.NONE:
        return Reading(Intent.NONE, None, keyword.rule, "", None, RULES_VERSION)
    tier = Tier.UNCLEAR if keyword.intent is Intent.UNCLEAR else Tier.KEYWORD
    matched = folded.written(folded.words[0].start, folded.words[-1].end)
    return Reading(keyword.intent, tier, keyword.rule, matched, keyword.language, RULES_VERSION)
