"""A deployment's settings, read from a function's environment.

An invalid setting never stops a text: a safe default applies, and a ``Problem`` is logged, counted and shown by
``sms-consent doctor``. Only a missing table or opt-out list is an error, since nothing can be recorded without them.

Parsed by hand: pydantic would add a quarter to every cold start.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sms_consent.domain.errors import ConsentError
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.propagation import Reach

__all__ = ["CALL_MARGIN", "PARAMETERS", "Problem", "Settings", "SettingsError", "log_level", "shown"]

PARAMETERS: Mapping[str, str] = {
    "BRAND": "Brand",
    "SUPPORT_CONTACT": "SupportContact",
    "DEFAULT_LANGUAGE": "DefaultLanguage",
    "EXTRA_OPT_OUT_KEYWORDS": "ExtraOptOutKeywords",
    "EXTRA_OPT_IN_KEYWORDS": "ExtraOptInKeywords",
    "EXTRA_HELP_KEYWORDS": "ExtraHelpKeywords",
    "ORDINARY_WORDS": "OrdinaryWords",
    "TIER_ACTIONS": "TierActions",
    "SUGGESTION_POSTBACKS": "SuggestionPostbacks",
    "OPT_OUT_SCOPE": "OptOutScope",
    "OPT_IN_SCOPE": "OptInScope",
    "CONFIRMATION_GRACE_SECONDS": "ConfirmationGraceSeconds",
    "PUT_RATE": "PutRequestsPerSecond",
    "DELETE_RATE": "DeleteRequestsPerSecond",
    "DESCRIBE_RATE": "DescribeRequestsPerSecond",
    "TEXT_RATE": "TextsPerSecond",
    "REPLIES_PER_DAY": "RepliesPerDay",
    "REPLY_CONFIGURATION_SET": "ReplyConfigurationSet",
    "UNKNOWN_SENDERS": "UnknownSenders",
    "POWERTOOLS_LOG_LEVEL": "LogLevel",
}
"""The template parameter that sets each environment variable: problems name what an operator can change."""

CALL_MARGIN = timedelta(seconds=30)
"""How long after a function's time-out a call that it made may still take effect (``consent.IN_FLIGHT_FOR``)."""

_LONGEST_TIMEOUT = 60.0
"""Seconds: the longest time-out in template.yaml of a function that takes leases, for a process without TIMEOUT_SECONDS."""

_LONGEST_LEASE = 900.0

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# If a tier is given two actions, the first in this order applies.
_TIER_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "KEYWORD": ("OPT_OUT",),
    "COMPANY": ("OPT_OUT", "ASK"),
    "MISSPELT": ("OPT_OUT", "ASK"),
    "SENTENCE": ("OPT_OUT", "ASK"),
    "UNCLEAR": ("OPT_OUT", "ASK", "LEAVE"),
}
"""The actions that a deployment may choose for each tier (``intent.Tier``)."""


_POSTBACK_INTENTS = ("OPT_OUT", "OPT_IN", "HELP", "NONE")
"""Intents of postback data. If a postback is given two, the first in this order applies."""

_LONGEST_POSTBACK = 2_048
"""Characters of postback data (API reference, SendRcsMessage)."""


_CONFIGURATION_SET = re.compile(
    r"([A-Za-z0-9_-]{1,64}|arn:aws[a-z-]*:sms-voice:[a-z0-9-]+:\d{12}:configuration-set/[A-Za-z0-9_-]{1,64})"
)
"""The name or the ARN of a configuration set, as template.yaml accepts it."""


class SettingsError(ConsentError):
    """Required environment variables are missing or invalid; the message names them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that cannot be used as given. Its texts quote no support contact, which may be a phone number."""

    setting: str
    """The template parameter, or the environment variable if no parameter sets it."""
    message: str
    """What is wrong, and which value applies instead."""
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A function's environment, as template.yaml sets it."""

    table: str
    opt_out_list: str  # by its name, or by its ARN if it belongs to another account
    brand: str
    support_contact: str
    language: str
    extra_opt_out: tuple[str, ...]
    extra_opt_in: tuple[str, ...]
    extra_help: tuple[str, ...]
    ordinary: tuple[str, ...] = ()
    tier_actions: Mapping[str, str]
    suggestion_postbacks: Mapping[str, str] = field(
        default_factory=dict
    )  # intents of RCS suggestions, by postback data
    opt_out_scope: Reach
    opt_in_scope: Reach
    grace: timedelta
    lease: timedelta
    put_rate: float
    delete_rate: float
    describe_rate: float
    text_rate: float
    replies_per_day: int = 20_000  # 0: unlimited
    reply_configuration_set: str | None = None  # of AWS, for delivery receipts of replies
    dead_letter_queue_url: str | None
    problems: tuple[Problem, ...] = ()
    names: ListNames = field(default_factory=ListNames)
    listed_by_arn: frozenset[str] = frozenset()
    """Lists of the own account that are configured by ARN. Earlier releases stored their consents under the ARN."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings. An invalid one gets its default and is listed in ``problems``.

        Raises:
            SettingsError: LEDGER_TABLE or OPT_OUT_LIST is missing.
        """
        read = _Environment(environment)
        if missing := [name for name in ("LEDGER_TABLE", "OPT_OUT_LIST") if not read.text(name)]:
            raise SettingsError("; ".join(f"{name} is missing" for name in missing))
        read.log_level("POWERTOOLS_LOG_LEVEL")
        read.unknown_senders("UNKNOWN_SENDERS")
        names = ListNames.from_environment(environment)
        given, own_list = read.text("OPT_OUT_LIST"), names.canonical(read.text("OPT_OUT_LIST"))
        return cls(
            table=read.text("LEDGER_TABLE"),
            opt_out_list=own_list,
            names=names,
            listed_by_arn=frozenset([own_list] if own_list != given else []),
            brand=read.text("BRAND"),
            support_contact=read.text("SUPPORT_CONTACT"),
            language=read.text("DEFAULT_LANGUAGE") or "en",
            extra_opt_out=_words(read.text("EXTRA_OPT_OUT_KEYWORDS")),
            extra_opt_in=_words(read.text("EXTRA_OPT_IN_KEYWORDS")),
            extra_help=_words(read.text("EXTRA_HELP_KEYWORDS")),
            ordinary=_words(read.text("ORDINARY_WORDS")),
            tier_actions=read.tier_actions("TIER_ACTIONS"),
            suggestion_postbacks=read.postbacks("SUGGESTION_POSTBACKS"),
            opt_out_scope=read.reach("OPT_OUT_SCOPE"),
            opt_in_scope=read.reach("OPT_IN_SCOPE"),
            grace=timedelta(seconds=read.number("CONFIRMATION_GRACE_SECONDS", 60, 0, 300)),
            lease=read.lease("LEASE_SECONDS", "TIMEOUT_SECONDS"),
            put_rate=read.number("PUT_RATE", 10, 0.01, 10_000),
            delete_rate=read.number("DELETE_RATE", 10, 0.01, 10_000),
            describe_rate=read.number("DESCRIBE_RATE", 1, 0.01, 10_000),
            text_rate=read.number("TEXT_RATE", 1, 0.01, 10_000),
            replies_per_day=int(read.number("REPLIES_PER_DAY", 20_000, 0, 10_000_000)),
            reply_configuration_set=read.configuration_set("REPLY_CONFIGURATION_SET"),
            dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL") or None,
            problems=tuple(read.problems),
        )


class _Environment:
    """Reads variables one by one, and collects their problems."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[Problem] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def number(self, name: str, default: float, least: float, most: float) -> float:
        given = self.text(name)
        value = _number(given)
        if not given:
            return default
        if value is None or not least <= value <= most:
            self._problem(
                name,
                f"is no number from {least:g} to {most:g}; {default:g} applies",
                f"Give a number from {least:g} to {most:g}.",
            )
            return default
        return value

    def reach(self, name: str) -> Reach:
        given = self.text(name).upper()
        if given and given not in Reach.__members__:
            self._problem(name, f"is none of {', '.join(Reach)}; SENDER applies", f"Give one of {', '.join(Reach)}.")
            return Reach.SENDER
        return Reach(given or Reach.SENDER)

    def log_level(self, name: str) -> None:
        if self.text(name) and log_level(self._environment) != self.text(name).upper():
            levels = ", ".join(_LOG_LEVELS)
            self._problem(name, f"is none of {levels}; INFO applies", f"Give one of {levels}.")

    def unknown_senders(self, name: str) -> None:
        if self.text(name) not in ("", "OWN_LIST", "REFUSE"):
            self._problem(name, "is not OWN_LIST or REFUSE; OWN_LIST applies", "Give OWN_LIST or REFUSE.")

    def lease(self, name: str, timeout_name: str) -> timedelta:
        """Return the duration of a lease: at least the function's time-out plus the time in which its last call may take
        effect.

        If a lease ended before its worker, a second worker could call the list during a call of the first.
        """
        timeout = self.number(timeout_name, _LONGEST_TIMEOUT, 1, 900)
        least = timeout + CALL_MARGIN.total_seconds()
        most = max(least, _LONGEST_LEASE)
        default = min(max(90.0, least), most)
        return timedelta(seconds=self.number(name, default, least, most))

    def configuration_set(self, name: str) -> str | None:
        given = self.text(name)
        if given and _CONFIGURATION_SET.fullmatch(given) is None:
            self._problem(
                name,
                "is no configuration set; replies are sent without one",
                "Give the name or ARN of one, or leave it empty.",
            )
            return None
        return given or None

    def tier_actions(self, name: str) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for part in _words(self.text(name)):
            tier, _, action = (each.strip().upper() for each in part.partition("="))
            allowed = _TIER_ACTIONS.get(tier)
            if allowed is None:
                self._problem(
                    name,
                    f"has {shown(part)}, which names no tier; this part is ignored",
                    f"Give TIER=ACTION, separated by commas; the tiers are {', '.join(_TIER_ACTIONS)}.",
                )
            elif action not in allowed:
                self._problem(
                    name,
                    f"has {shown(part)}, an action that {tier} cannot have; its default applies",
                    f"Give {' or '.join(f'{tier}={each}' for each in allowed)}, or leave it out.",
                )
            elif tier in chosen and chosen[tier] != action:
                chosen[tier] = min(chosen[tier], action, key=allowed.index)
                self._problem(name, f"gives {tier} two actions; {chosen[tier]} applies", f"Name {tier} once.")
            else:
                chosen[tier] = action
        return chosen

    def postbacks(self, name: str) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for part in _words(self.text(name)):
            postback, equals, intent = (each.strip() for each in part.rpartition("="))
            intent = intent.upper().replace("-", "_")
            if not equals or not postback or len(postback) > _LONGEST_POSTBACK:
                self._problem(
                    name,
                    f"has {shown(part)}, which is not POSTBACK=INTENT; this part is ignored",
                    "Give POSTBACK=INTENT, separated by commas; postback data has 1 to 2,048 characters and no comma.",
                )
            elif intent not in _POSTBACK_INTENTS:
                self._problem(
                    name,
                    f"has {shown(part)}, which names no intent; this part is ignored",
                    f"Give one of {', '.join(_POSTBACK_INTENTS)} after the equals sign.",
                )
            elif chosen.setdefault(postback, intent) != intent:
                chosen[postback] = min(chosen[postback], intent, key=_POSTBACK_INTENTS.index)
                self._problem(
                    name,
                    f"gives {shown(postback)} two intents; {chosen[postback]} applies",
                    "Name each postback once.",
                )
        return chosen

    def _problem(self, name: str, message: str, fix: str) -> None:
        self.problems.append(Problem(PARAMETERS.get(name, name), message, fix))


def log_level(environment: Mapping[str, str]) -> str:
    """Return the configured log level; INFO if it is not a valid one."""
    given = environment.get("POWERTOOLS_LOG_LEVEL", "").strip().upper()
    return given if given in _LOG_LEVELS else "INFO"


def _number(given: str) -> float | None:
    try:
        value = float(given)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in value.split(",")) if word)


def shown(part: str) -> str:
    """Return a part of a setting for a log line: shortened, and without digits, which may be those of a phone number."""
    return repr("".join("#" if letter.isdigit() else letter for letter in part[:40]))
