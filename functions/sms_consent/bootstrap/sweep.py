"""What SweepFunction is made of, put together once, at its first run."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.due_index import OldestOptOut, due_by_kind, rejected_numbers
from sms_consent.bootstrap.container import Parts, assemble, rules_for
from sms_consent.bootstrap.event_report import OperationalReporter
from sms_consent.bootstrap.observability import logger, metrics
from sms_consent.bootstrap.setting_problems import problems_of
from sms_consent.bootstrap.settings import Problem, Settings
from sms_consent.domain.consent import Due

__all__ = ["due", "parts", "problems"]


@cache
def parts() -> Parts:
    """Raises SettingsError if there is no ledger or no opt-out list."""
    reporter = OperationalReporter(logger("sweep"), metrics("sweep"))
    return assemble(Settings.from_environment(os.environ), paced=True, observe=reporter, warn=reporter.unfit)


@cache
def problems() -> tuple[Problem, ...]:
    """What is wrong with the deployment's settings, logged at the first run."""
    settings = parts().settings
    found = problems_of(settings, parts().replies, rules_for(settings))
    for problem in found:
        OperationalReporter(logger("sweep"), metrics("sweep")).problem(problem, counted=False)
    return found


def due() -> dict[Due, int]:
    """What is left, by kind. Raises TryAgain or Rejected."""
    made = parts()
    return due_by_kind(clients.dynamodb(), made.settings.table, made.clock.now())


def rejected() -> int:
    """How many numbers AWS rejects permanently. Raises TryAgain or Rejected."""
    return rejected_numbers(clients.dynamodb(), parts().settings.table)


def oldest_opt_out() -> timedelta:
    """How long the oldest opt-out has been waiting. Raises TryAgain or Rejected."""
    made = parts()
    return OldestOptOut(clients.dynamodb(), made.settings.table).age(made.clock.now())
