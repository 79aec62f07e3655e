"""Whole-message keywords: the built-in ones and a deployment's own, which can never weaken a built-in opt-out.

Built-in words and their sources are in ``rules/keywords``, one file for each source. Where two sources disagree, or a word is an
ordinary answer somewhere, ``unclear.json`` and ``ordinary.json`` decide and give the reason. Rules for a deployment's own words:

- Built-in opt-out words, and words that may mean an opt-out, keep their meaning; so do START, UNSTOP and HELP.
- A word that is configured as an opt-out and as something else opts out.
- ``ordinary`` removes built-in words, but no mandatory ones (``rules/mandatory.json``).

Words that violate these rules are ignored, and reported as ``Ignored``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from sms_consent.intent.lookup import load_rules
from sms_consent.intent.normalisation import fold_keyword, looks_like
from sms_consent.intent.result import Intent

__all__ = ["DeploymentKeywords", "Ignored", "Keyword", "keywords"]


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


_OPTS_OUT = (Intent.OPT_OUT, Intent.UNCLEAR)
_MEANING = {
    Intent.OPT_OUT: "opts out",
    Intent.UNCLEAR: "may mean an opt-out",
    Intent.OPT_IN: "opts in",
    Intent.HELP: "asks for help",
}


@dataclass(frozen=True, slots=True)
class Ignored:
    """A word of a deployment's settings that has no effect, and the reason."""

    given_as: Intent
    """NONE for an ordinary word."""
    word: str
    reason: str


@dataclass(slots=True)
class DeploymentKeywords:
    """The keywords of a deployment, including the built-in ones."""

    keywords: dict[str, Keyword]
    """Built-in keywords except ordinary words, and the deployment's opt-out words."""
    weaker: dict[str, Keyword] = field(default_factory=dict)
    """The deployment's opt-in and help words. They count as a whole message if it is no opt-out without them."""
    ignored: list[Ignored] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    """Keys of built-in opt-out words, or words that may mean an opt-out, that the settings make ordinary."""
    added: set[str] = field(default_factory=set)
    """Keys of the deployment's opt-out words."""
    unknown: list[str] = field(default_factory=list)
    """Ordinary words that are no built-in keywords. There is nothing to remove."""

    @property
    def changes_opt_outs(self) -> bool:
        """Whether the opt-out words differ from the built-in ones."""
        return bool(self.added or self.removed)

    @classmethod
    def beside(
        cls,
        built_in: Mapping[str, Keyword],
        *,
        opt_out: Iterable[str],
        opt_in: Iterable[str],
        help: Iterable[str],  # noqa: A002 - the field's own word for this keyword
        ordinary: Iterable[str],
    ) -> DeploymentKeywords:
        """Return the built-in keywords with a deployment's words added, except those that would change a protected meaning."""
        words = cls(dict(built_in))
        for word, key in words._folded(ordinary, Intent.NONE):
            words._remove(word, key, built_in)
        for word, key in words._folded(opt_out, Intent.OPT_OUT):
            words._add_opt_out(word, key, built_in)
        for intent, given in ((Intent.HELP, help), (Intent.OPT_IN, opt_in)):
            for word, key in words._folded(given, intent):
                words._add_weaker(intent, word, key, built_in)
        return words

    def _folded(self, given: Iterable[str], intent: Intent) -> Iterator[tuple[str, str]]:
        for word in given:
            if key := fold_keyword(word):
                yield word, key
            else:
                self._ignore(intent, word, "has no letter or digit")

    def _remove(self, word: str, key: str, built_in: Mapping[str, Keyword]) -> None:
        known = _known(key, built_in)
        if _mandatory_meaning(key) is not None:
            self._ignore(Intent.NONE, word, "is a mandatory word and keeps its meaning")
        elif known is not None:
            self.keywords[known.key] = Keyword(known.key, Intent.NONE, f"keyword:custom/{word}", None, False)
            if known.intent in _OPTS_OUT:
                self.removed.add(known.key)
        else:
            self.unknown.append(word)

    def _add_opt_out(self, word: str, key: str, built_in: Mapping[str, Keyword]) -> None:
        known = _known(key, self.keywords)
        if _mandatory_meaning(key) not in (None, Intent.OPT_OUT):
            self._ignore(Intent.OPT_OUT, word, "is a mandatory word and keeps its meaning")
        elif known is None or known.intent is not Intent.OPT_OUT:
            if known is not None and known.intent is Intent.NONE and _known(key, built_in) is not known:
                self._ignore(Intent.NONE, word, "is also given as an opt-out word, and opts out")
            added = Keyword(key, Intent.OPT_OUT, f"keyword:custom/{word}", None, False)
            self.keywords[known.key if known is not None else key] = self.keywords[key] = added
            self.added.add(key)

    def _add_weaker(self, intent: Intent, word: str, key: str, built_in: Mapping[str, Keyword]) -> None:
        before = _known(key, built_in)
        now = _known(key, self.keywords)
        known = before if before is not None and before.intent in _OPTS_OUT else now or before
        if _mandatory_meaning(key) not in (None, intent):
            self._ignore(intent, word, "is a mandatory word and keeps its meaning")
        elif known is not None and known.intent in _OPTS_OUT:
            whose = "by the built-in rules" if known is before else "as another setting has it"
            self._ignore(intent, word, f"{_MEANING[known.intent]} {whose} and keeps this meaning")
        elif key in self.weaker and self.weaker[key].intent is not intent:
            self._ignore(intent, word, f"is also given as a word that {_MEANING[self.weaker[key].intent]} and does")
        elif now is not None and now.intent is Intent.NONE and now is not before:
            self._ignore(intent, word, "is also given as an ordinary word and asks for nothing")
        elif known is None or known.intent is not intent or known.everyday:
            self.weaker[key] = Keyword(key, intent, f"keyword:custom/{word}", None, True)

    def _ignore(self, given_as: Intent, word: str, reason: str) -> None:
        self.ignored.append(Ignored(given_as, word, reason))


def _known(key: str, keywords: Mapping[str, Keyword]) -> Keyword | None:
    """Return the keyword of a whole message with this key."""
    return keywords.get(key) or keywords.get(looks_like(key))


def _mandatory_meaning(key: str) -> Intent | None:
    """Return the intent of a mandatory word, also in look-alike letters or with spaces; None for other words."""
    return _mandatory().get(looks_like(key).replace(" ", ""))


@cache
def _mandatory() -> Mapping[str, Intent]:
    return {word: Intent(intent) for word, intent in load_rules("mandatory").items()}
