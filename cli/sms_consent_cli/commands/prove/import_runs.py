"""The imports that recorded requests about the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_consent.domain.decision import Author, Decision
from sms_consent.domain.import_record import UNKNOWN_IDENTITY, ImportRecord
from sms_consent.domain.withdrawal import is_withdrawal
from sms_consent_cli.commands.prove.dossier import ImportRun
from sms_consent_cli.commands.prove.wording import import_statement

__all__ = ["import_runs"]

FILE = "import"
"""The channel of requests that were imported from a file."""


def import_runs(
    decisions: Sequence[Decision], references: Mapping[str, str], records: Mapping[str, ImportRecord]
) -> tuple[ImportRun, ...]:
    """Return the imports that the requests refer to.

    Requests from before imports had records name only a file; each such file counts as one import.
    """
    runs: dict[tuple[str | None, str], list[Decision]] = {}
    for decision in decisions:
        if decision.import_id is not None or (decision.author is Author.IMPORT and decision.through == FILE):
            name = _place(decision)[0] if decision.import_id is None else ""
            runs.setdefault((decision.import_id, name), []).append(decision)
    return tuple(
        _import_run(f"I{place}", import_id, records.get(import_id or ""), made, references)
        for place, ((import_id, _), made) in enumerate(runs.items(), 1)
    )


def _import_run(
    reference: str,
    import_id: str | None,
    record: ImportRecord | None,
    made: Sequence[Decision],
    references: Mapping[str, str],
) -> ImportRun:
    identity = record.identity if record is not None and record.identity != UNKNOWN_IDENTITY else None
    name = record.file_name if record is not None else _place(made[0])[0] or None
    return ImportRun(
        reference=reference,
        id=import_id,
        statement=import_statement(name, identity, is_recorded=record is not None),
        status=record.status.value if record is not None else None,
        begun_at=record.begun_at if record is not None else None,
        finished_at=record.finished_at if record is not None else None,
        caller=identity,
        stated_source=None if is_withdrawal(made[0]) else made[0].actor,
        file_name=name,
        sha256=record.sha256 if record is not None else None,
        options=dict(sorted(record.options.items())) if record is not None else None,
        columns=dict(sorted(record.columns.items())) if record is not None else None,
        counts=dict(record.counts) if record is not None else None,
        undone_at=record.undone_at if record is not None else None,
        undone_by=record.undone_by if record is not None else None,
        requests=tuple(references[each.id] for each in made),
        lines=tuple(None if is_withdrawal(each) else _place(each)[1] for each in made),
    )


def _place(decision: Decision) -> tuple[str, str | None]:
    """Return the file name and the line of an imported request."""
    name, _, line = (decision.reference or "").rpartition(":")
    return (name, line) if line.isdecimal() else (decision.reference or "", None)
