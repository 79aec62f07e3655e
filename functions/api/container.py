"""The services of ApiFunction, built once, at the first request that needs them."""

from __future__ import annotations

import os
from functools import cache

from api.caller import AccessKeys
from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore
from sms_consent.adapters.dynamodb.standing_consents import StandingConsents
from sms_consent.adapters.secrets import RememberedAccessKeys
from sms_consent.bootstrap.container import Parts, assemble
from sms_consent.bootstrap.event_report import OperationalReporter
from sms_consent.bootstrap.observability import logger, metrics
from sms_consent.bootstrap.setting_problems import problems_of
from sms_consent.bootstrap.settings import Settings
from sms_consent.recording.channel_requests import ChannelRequests
from sms_consent.recording.idempotency import IdempotentRequests

__all__ = ["access_keys", "parts", "queries", "requests"]


@cache
def access_keys() -> AccessKeys | None:
    """Return the access keys; None if the deployment has none and accepts only IAM principals."""
    secret = os.environ.get("ACCESS_KEYS_SECRET")
    return RememberedAccessKeys(clients.secrets(), secret, SystemClock()) if secret else None


@cache
def parts() -> Parts:
    """Return what all functions share.

    Raises:
        SettingsError: without a ledger or an opt-out list. Every other problem is logged and counted.
    """
    settings = Settings.from_environment(os.environ)
    reporter = OperationalReporter(logger("api"), metrics("api"))
    made = assemble(settings, paced=False, observe=reporter, warn=reporter.unfit)
    for problem in problems_of(settings, made.replies):
        reporter.problem(problem)
    return made


@cache
def requests() -> ChannelRequests:
    """Return the service behind the opt-out routes. Raises SettingsError like ``parts``."""
    made = parts()
    return ChannelRequests(
        ledger=made.ledger,
        recorder=made.recorder,
        repeats=IdempotentRequests(DynamoIdempotencyStore(clients.dynamodb(), made.settings.table)),
        senders=made.senders,
        own_list=_own_list(made.settings),
        clock=made.clock,
        standing=StandingConsents(queries(), made.lists).of,
    )


@cache
def queries() -> DynamoConsentQueries:
    """Return the queries behind the routes about a number. Raises SettingsError like ``parts``."""
    settings = parts().settings
    return DynamoConsentQueries(clients.dynamodb(), settings.table, lambda: settings.names)


def _own_list(settings: Settings) -> str | None:
    """Return the opt-out list of senders without settings; None if requests for them are refused.

    Any other value than REFUSE counts as OWN_LIST, so that a misspelt setting refuses no opt-out.
    """
    return None if os.environ.get("UNKNOWN_SENDERS") == "REFUSE" else settings.opt_out_list
