"""What a deployment has chosen, read from a function's environment and checked before the first text is.

Read by hand: a validation library would cost the cold start of every function more than all of our own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sms_consent.errors import ConsentError
from sms_consent.scope import Reach

__all__ = ["Settings", "SettingsError"]


class SettingsError(ConsentError):
    """The environment does not describe a deployment that could work; the message names every variable to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment of a function, as template.yaml fills it."""

    table: str
    opt_out_list: str
    brand: str
    support_contact: str
    language: str
    extra_opt_out: tuple[str, ...]
    extra_opt_in: tuple[str, ...]
    extra_help: tuple[str, ...]
    tier_actions: Mapping[str, str]
    opt_out_scope: Reach
    opt_in_scope: Reach
    grace: timedelta
    lease: timedelta
    put_rate: float
    delete_rate: float
    describe_rate: float
    text_rate: float
    dead_letter_queue_url: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingsError naming every variable that is missing or out of range, and what it takes."""
        problems: list[str] = []

        def text(name: str, default: str | None = None) -> str:
            value = environment.get(name, "").strip() or default
            if value is None:
                problems.append(f"{name} is missing")
                return ""
            return value

        def number(name: str, default: float, least: float, most: float) -> float:
            try:
                value = float(environment.get(name, "").strip() or default)
            except ValueError:
                value = -1.0
            if not least <= value <= most:
                problems.append(f"{name} must be a number from {least:g} to {most:g}")
            return value

        def reach(name: str) -> Reach:
            value = text(name, Reach.SENDER)
            if value not in Reach.__members__:
                problems.append(f"{name} must be one of {', '.join(Reach)}")
                return Reach.SENDER
            return Reach(value)

        settings = cls(
            table=text("LEDGER_TABLE"),
            opt_out_list=text("OPT_OUT_LIST"),
            brand=text("BRAND"),
            support_contact=text("SUPPORT_CONTACT"),
            language=text("DEFAULT_LANGUAGE", "en"),
            extra_opt_out=_words(environment.get("EXTRA_OPT_OUT_KEYWORDS", "")),
            extra_opt_in=_words(environment.get("EXTRA_OPT_IN_KEYWORDS", "")),
            extra_help=_words(environment.get("EXTRA_HELP_KEYWORDS", "")),
            tier_actions=_pairs(environment.get("TIER_ACTIONS", ""), problems),
            opt_out_scope=reach("OPT_OUT_SCOPE"),
            opt_in_scope=reach("OPT_IN_SCOPE"),
            grace=timedelta(seconds=number("CONFIRMATION_GRACE_SECONDS", 60, 0, 3600)),
            lease=timedelta(seconds=number("LEASE_SECONDS", 90, 5, 900)),
            put_rate=number("PUT_RATE", 10, 0.01, 10_000),
            delete_rate=number("DELETE_RATE", 10, 0.01, 10_000),
            describe_rate=number("DESCRIBE_RATE", 1, 0.01, 10_000),
            text_rate=number("TEXT_RATE", 1, 0.01, 10_000),
            dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL") or None,
        )
        if problems:
            raise SettingsError("; ".join(problems))
        return settings


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in value.split(",")) if word)


def _pairs(value: str, problems: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in _words(value):
        tier, separator, action = part.partition("=")
        if not separator or action.strip() not in {"OPT_OUT", "ASK", "LEAVE"}:
            problems.append("TIER_ACTIONS takes TIER=OPT_OUT, TIER=ASK or TIER=LEAVE, separated by commas")
            break
        pairs[tier.strip()] = action.strip()
    return pairs
