"""The rows of an export, read page by page, so that memory does not grow with the ledger.

The table is scanned, since it has no index of all consents. The decision behind each consent is read with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.consent_export import stored_consents, stored_with_facts, with_evidence
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.evidence import Fact
from sms_consent.domain.ports import Clock
from sms_consent.domain.time import as_text
from sms_consent.queries.history import Entry
from sms_consent.queries.views import consent_view, decision_view, fact_view
from sms_consent_cli.shared.delimited_file import escape_cell

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["COLUMNS", "TEXTS", "Exported", "exported"]

COLUMNS = (
    "number", "list", "status", "decided_at", "end_user_opted_out", "released_at", "applied", "aws_listed_at",
    "aws_end_user_opted_out", "source", "through", "actor", "reference", "tier", "rule", "language", "rules_version",
    "decision_id", "recorded_at", "asked_out_at", "import_id",
    "first_asked_out_at", "asked_out_count",
)  # fmt: skip
"""``decided_at`` is the time of the newest request, ``recorded_at`` when it was recorded, and ``asked_out_at`` the time of the
person's own newest opt-out. ``first_asked_out_at`` and ``asked_out_count`` are about all opt-outs since the newest opt-in."""
TEXTS = ("matched", "text")
"""Columns with what people wrote, included on request."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A consent, and the decision behind it unless that was erased."""

    consent: Consent
    evidence: Entry | None
    facts: tuple[Fact, ...] = ()  # about the consent's list and the number's replies, if they were read

    def row(self, *, texts: bool) -> list[str]:
        """Return the cells of a CSV row, escaped so that a spreadsheet does not evaluate them."""
        consent, listing = self.consent, self.consent.listing
        decision = self.evidence.decision if self.evidence is not None else None
        values: list[object] = [
            consent.number, consent.list_name, consent.status.value, consent.decided_at, consent.end_user_opted_out,
            consent.held_until, consent.settled, listing.at if listing else None,
            listing.end_user_opted_out if listing else None,
        ]  # fmt: skip
        if decision is None:
            values += [None] * 8 + [consent.decided_by, None, consent.asked_out_at, None]
        else:
            values += [
                decision.author.value, decision.through, decision.actor, decision.reference, decision.tier,
                decision.rule, decision.language, decision.rules_version, decision.id,
                self.evidence.recorded_at if self.evidence is not None else None, consent.asked_out_at,
                decision.import_id,
            ]  # fmt: skip
        values += [consent.first_asked_out_at, consent.asked_out_count or None]
        if texts:
            values += [decision.matched, decision.body] if decision is not None else [None, None]
        return [_cell(value) for value in values]

    def view(self, *, texts: bool) -> dict[str, Any]:
        """Return the object for JSON Lines, with the names of ``check`` and ``history``."""
        view = {"number": self.consent.number, **consent_view(self.consent)}
        if self.evidence is not None:
            evidence = decision_view(self.evidence)
            view["decision"] = (
                evidence if texts else {k: v for k, v in evidence.items() if k not in {"matched", "body"}}
            )
        if self.facts:
            view["facts"] = [fact_view(fact) for fact in self.facts]
        return view


def _by_name(consent: Consent, canonical: Callable[[str], str]) -> Consent:
    return replace(consent, list_name=canonical(consent.list_name)) if consent.list_name.startswith("arn:") else consent


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return as_text(value) if isinstance(value, datetime) else escape_cell(str(value))


def exported(
    client: DynamoDBClient,
    table: str,
    *,
    list_name: str | None,
    opted_out_only: bool,
    clock: Clock,
    canonical: Callable[[str], str] = str,
    facts: bool = False,
) -> Iterator[Exported]:
    """Yield every consent, in no order. One that changes meanwhile is exported in its old or new state.

    ``canonical`` returns the name of a list under whose ARN an earlier release stored consents. ``facts`` reads these, too.
    Raises TryAgain or Rejected.
    """
    found = (
        (consent, about)
        for stored, about in (stored_with_facts if facts else stored_consents)(client, table)
        for consent in [_by_name(stored, canonical)]
        if (list_name is None or list_name in {consent.list_name, consent.list_name.rpartition("/")[2]})
        and not (opted_out_only and consent.status is Status.OPTED_IN)
    )
    for consent, about, evidence in with_evidence(client, table, found, clock):
        yield Exported(consent, evidence, about)
