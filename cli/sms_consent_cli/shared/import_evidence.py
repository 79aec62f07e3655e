"""Evidence of an imported request: when it was imported, from which line of which file, and whether the person asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.import_record import UNKNOWN_IDENTITY, ImportRecord
from sms_consent.domain.time import as_text
from sms_consent.domain.withdrawal import NO_REQUEST
from sms_consent_cli.shared.terminal_text import printable

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
    from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
    from sms_consent.queries.evidence import DecisionEvidence
    from sms_consent.queries.history import Entry

__all__ = [
    "ImportedDecision",
    "import_sentence",
    "import_view",
    "imported_evidence",
    "is_imported",
    "records_of",
    "withdrawal_sentence",
]

FILE, LIST = "import", "opt-out-list"
"""The channels of lines of a file, and of entries that reconcile found on an opt-out list."""
_WHO = {
    (FILE, True): "the file says that the person asked",
    (FILE, False): "the file says that the person did not ask",
    (FILE, None): "the file does not say who asked",
    (LIST, True): "AWS says that the person asked",
    # AWS sets false for every entry made through its API.
    (LIST, False): "AWS does not say who asked",
    (LIST, None): "AWS does not say who asked",
}


def is_imported(decision: Decision) -> bool:
    """Return whether a decision was imported. The age of such a request is not a delay in processing."""
    return decision.author is Author.IMPORT or decision.import_id is not None


def records_of(records: DynamoImportRecords, entries: Iterable[Entry | DecisionEvidence]) -> dict[str, ImportRecord]:
    """Return the records of the imports in a history, by id. Makes one read for each. Raises TryAgain or Rejected."""
    ids = dict.fromkeys(entry.decision.import_id for entry in entries if entry.decision.import_id is not None)
    found = ((import_id, records.get(import_id)) for import_id in ids)
    return {import_id: record for import_id, record in found if record is not None}


@dataclass(frozen=True, slots=True)
class ImportedDecision:
    """The imported decision behind a consent, with the record of its import."""

    decision: Decision
    record: ImportRecord | None
    recorded_at: datetime | None

    def sentence(self) -> str:
        """Return the evidence as a sentence."""
        return import_sentence(self.decision, self.record, self.recorded_at)

    def view(self) -> dict[str, Any] | None:
        """Return the evidence as JSON."""
        return import_view(self.decision, self.record)


def imported_evidence(
    ledger: DynamoConsentQueries, records: DynamoImportRecords, consents: Sequence[Consent]
) -> dict[str, ImportedDecision]:
    """Return the imported decisions behind a person's consents, by list. Raises TryAgain or Rejected."""
    found = {}
    for consent in consents:
        if consent.decided_author is not Author.IMPORT:
            continue
        decision = ledger.decision(consent)
        if decision is not None:
            record = records.get(decision.import_id) if decision.import_id is not None else None
            found[consent.list_name] = ImportedDecision(decision, record, None)
    return found


def import_sentence(decision: Decision, record: ImportRecord | None, recorded_at: datetime | None) -> str:
    """Return date, identity, file, line and source of an import, and what it says about who asked."""
    at = record.begun_at if record is not None else recorded_at
    on = f" on {at.day} {at:%b %Y}" if at is not None else ""
    known = record is not None and record.identity != UNKNOWN_IDENTITY
    by = f" by {printable(record.identity, quoted=False)}" if record is not None and known else ""
    source = f" (source {printable(decision.actor, quoted=False)})" if decision.actor else ""
    from_log = decision.author is Author.END_USER
    through = "" if decision.through == FILE or from_log else f" from {printable(decision.through, quoted=False)}"
    who = _who(decision)
    return f"imported{on}{by}{through}{_place(decision)}{source}{f'; {who}' if who else ''}"


def import_view(decision: Decision, record: ImportRecord | None) -> dict[str, Any] | None:
    """Return the import of a decision for JSON, or None for another decision."""
    if decision.import_id is None:
        return None
    view: dict[str, Any] = {"id": decision.import_id}
    if record is not None:
        view |= {"begunAt": as_text(record.begun_at), "fileName": record.file_name, "identity": record.identity}
    line = (decision.reference or "").rpartition(":")[2]
    return view | ({"line": int(line)} if line.isascii() and line.isdecimal() else {})


def withdrawal_sentence(entry: Entry, record: ImportRecord | None) -> str:
    """Return what undoing an import did for one number."""
    decision = entry.decision
    of = f" of {printable(record.file_name, quoted=False)}" if record is not None else ""
    by = f" by {printable(decision.actor, quoted=False)}" if decision.actor else ""
    now = "opted out" if decision.asked is Asked.OPT_OUT else "opted in"
    effect = {
        Outcome.CHANGED: f"{now} again" if decision.at != NO_REQUEST else "no request is left, so no longer opted out",
        Outcome.CONFIRMED: f"{now} as before, by another request",
        Outcome.STALE: "a newer request counts, so no change",
    }.get(entry.outcome or Outcome.CHANGED, now)
    return f"import {printable(decision.import_id or '', quoted=False)}{of} undone{by}: {effect}"


def _place(decision: Decision) -> str:
    reference = decision.reference
    if not reference:
        return ""
    name, _, line = reference.rpartition(":")
    if (decision.through == FILE or decision.import_id is not None) and name and line.isdecimal():
        return f" from {printable(name, quoted=False)}, line {line}"
    return f", {printable(reference, quoted=False)}"


def _who(decision: Decision) -> str:
    if decision.author is Author.END_USER:
        return ""
    said = decision.end_user
    if decision.through == FILE and decision.import_id is None and said is False:
        said = None  # earlier releases stored this also for files that do not say
    kind = decision.through if decision.through in {FILE, LIST} else None
    if kind is not None:
        return _WHO[kind, said]
    return {True: "the person had asked there", False: "that the person had asked is not known", None: ""}[said]
