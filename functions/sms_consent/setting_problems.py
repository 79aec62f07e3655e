"""Everything that is wrong with a deployment's settings: what functions log and count, and what `sms-consent doctor` lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sms_consent.replies import Replies, Unfit
from sms_consent.settings import Problem, Settings, shown

if TYPE_CHECKING:  # only functions that classify texts import how
    from sms_consent.intent import Reader

__all__ = ["problem_of", "problems_of"]

_SETTINGS = {
    "OPT_OUT": "ExtraOptOutKeywords",
    "OPT_IN": "ExtraOptInKeywords",
    "HELP": "ExtraHelpKeywords",
    "NONE": "OrdinaryWords",
}


def problems_of(
    settings: Settings, replies: Replies, reader: Reader | None = None, *, languages: Iterable[str] | None = None
) -> tuple[Problem, ...]:
    """List the problems of settings, of replies and, with the reader made from them, of a deployment's own words.

    Args:
        languages: whose replies are composed; without it, only those of the default language, which every deployment uses.
    """
    found = [*settings.problems, *_of_language(settings, replies)]
    found += map(problem_of, replies.unfit(languages or (replies.default_language,)))
    if reader is not None:
        found += _of_words(reader)
    return tuple(dict.fromkeys(found))


def problem_of(unfit: Unfit) -> Problem:
    """A reply that is not sent as configured."""
    instead = "It is sent without the brand." if unfit.without_brand else "No such reply is sent."
    if unfit.is_empty:
        return Problem(unfit.setting, f"is empty. {instead}", f"Give a {unfit.setting}.")
    return Problem(unfit.setting, f"does not fit into {unfit.kind}.{unfit.language}. {instead}", unfit.reason)


def _of_language(settings: Settings, replies: Replies) -> Iterator[Problem]:
    if not replies.has_language(settings.language):
        known = ", ".join(replies.languages)
        yield Problem(
            "DefaultLanguage",
            f"is {shown(settings.language)}, which has no replies; {replies.default_language} applies",
            f"Give one of {known}.",
        )


def _of_words(reader: Reader) -> Iterator[Problem]:
    for ignored in reader.ignored:
        setting = _SETTINGS[ignored.given_as.value]
        yield Problem(setting, f"has {shown(ignored.word)}, which {ignored.reason}; it is ignored", "Leave it out.")
