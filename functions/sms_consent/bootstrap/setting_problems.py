"""Problems of a deployment's settings: functions log and count them, and `sms-consent doctor` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sms_consent.bootstrap.settings import Problem, Settings, shown
from sms_consent.replies import Replies, Unfit

if TYPE_CHECKING:  # only functions that classify texts import the rules
    from sms_consent.intent import RuleSet

__all__ = ["problems_of", "problems_of_replies"]

_SETTINGS = {
    "OPT_OUT": "ExtraOptOutKeywords",
    "OPT_IN": "ExtraOptInKeywords",
    "HELP": "ExtraHelpKeywords",
    "NONE": "OrdinaryWords",
}
_NAMED = 6
"""How many replies one problem names: a brand may be too long for eighty of them."""


def problems_of(
    settings: Settings, replies: Replies, rules: RuleSet | None = None, *, languages: Iterable[str] | None = None
) -> tuple[Problem, ...]:
    """Return the problems of settings and replies and, if ``rules`` are given, of the deployment's own words in them.

    Args:
        languages: whose replies are composed; by default, those of the default language only, which every deployment uses.
    """
    found = [*settings.problems, *_of_language(settings, replies)]
    found += problems_of_replies(replies.unfit(languages or (replies.default_language,)))
    if rules is not None:
        found += _of_words(rules)
    return tuple(found)


def problems_of_replies(unfit: Iterable[Unfit]) -> Iterator[Problem]:
    """Yield one problem per reason. Replies that are too long because of the same setting share one."""
    too_long: dict[tuple[str, bool], list[Unfit]] = {}
    others: dict[Problem, None] = {}
    for each in unfit:
        if each.units:
            too_long.setdefault((each.setting, each.without_brand), []).append(each)
        else:
            others[
                Problem(
                    each.setting, f"cannot be used. {each.reason} {_instead(each)}", f"Give another {each.setting}."
                )
            ] = None
    yield from others
    for (setting, _), replies in too_long.items():
        worst = max(replies, key=lambda reply: reply.units - reply.limit)
        names = [f"{each.kind}.{each.language} ({each.units} of at most {each.limit})" for each in replies]
        named = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        hint = " Without characters outside GSM-7 it may be longer." if "Outside GSM-7" in worst.reason else ""
        yield Problem(
            setting,
            f"is too long for {named}. {_instead(worst)}",
            f"Shorten {setting} by {worst.units - worst.limit}.{hint}",
        )


def _instead(unfit: Unfit) -> str:
    return "The reply is sent without the brand." if unfit.without_brand else "No such reply is sent."


def _of_language(settings: Settings, replies: Replies) -> Iterator[Problem]:
    if not replies.has_language(settings.language):
        known = ", ".join(replies.languages)
        yield Problem(
            "DefaultLanguage",
            f"is {shown(settings.language)}, which has no replies; {replies.default_language} applies",
            f"Give one of {known}.",
        )


def _of_words(rules: RuleSet) -> Iterator[Problem]:
    for ignored in rules.ignored:
        setting = _SETTINGS[ignored.given_as.value]
        yield Problem(setting, f"has {shown(ignored.word)}, which {ignored.reason}; it is ignored", "Leave it out.")
