"""Keywords: whole messages that carriers, regulators and platforms, or a language, define as opt-out, opt-in or help.

Words and their sources are in ``rules/keywords``, one file for each source. Where two sources disagree, or a word is an ordinary
answer somewhere, ``unclear.json`` and ``ordinary.json`` decide and give the reason.
"""

from __future__ import annotations

from typing import NamedTuple

from sms_consent.intent.lookup import load_rules
from sms_consent.intent.result import Intent

__all__ = ["Keyword", "keywords"]


class Keyword(NamedTuple):
    """A keyword with its intent, rule and language.

    A ``whole_message_only`` keyword counts neither beside other words nor misspelt. An ``everyday`` keyword, such as YES, is also
    an ordinary answer: it opts in only a person who has opted out.
    """

    key: str
    intent: Intent
    rule: str
    language: str | None
    whole_message_only: bool
    everyday: bool = False

    @property
    def is_removed(self) -> bool:
        """Whether the deployment's settings made it an ordinary word."""
        return self.intent is Intent.NONE and self.rule.startswith("keyword:custom/")


def keywords() -> dict[str, Keyword]:
    """Return all built-in keywords by their folded form."""
    intents = {intent.value: intent for intent in Intent}
    return {key: Keyword(key, intents[row[0]], *row[1:]) for key, row in load_rules("keywords").items()}
