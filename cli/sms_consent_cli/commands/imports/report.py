"""The output of the `imports` commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from sms_consent.domain.import_record import RECORDED, ImportRecord, ImportStatus
from sms_consent.domain.time import as_text, text_or_none
from sms_consent.domain.withdrawal import WithdrawalEffect
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["COUNTS", "line", "show_record", "undo_summary", "undo_view", "view"]

COUNTS = {
    "lines": "last line read",
    "optedOut": "opted out",
    "optedIn": "opted in",
    "confirmed": "recorded, already had this status",
    "superseded": "recorded, superseded by a newer decision",
    "unchanged": "already recorded",
    "skipped": "not opted out, skipped",
    "help": "ask for help",
    "unclear": "unclear",
    "outbound": "sent by the company",
    "rejected": "rejected",
}
EFFECTS = {
    WithdrawalEffect.NOT_LISTED: "opted in; not on the opt-out list yet, so no deletion is needed",
    WithdrawalEffect.DELETION: "opted in; on the list, and SweepFunction deletes them from it",
    WithdrawalEffect.PENDING: "opt-in pending; on the list until AWS allows their next deletion, 30 days after the last",
    WithdrawalEffect.OPTED_OUT_AGAIN: "opted out again, by a request before the imported opt-in",
    WithdrawalEffect.STAYS_OPTED_OUT: "stay opted out, by another request such as their own STOP",
    WithdrawalEffect.STAYS_OPTED_IN: "stay opted in",
    WithdrawalEffect.SUPERSEDED: "have a newer request, which counts as before",
    WithdrawalEffect.TEXTED: "unchanged: they texted it themselves, according to the message log (--texted withdraws it)",
    WithdrawalEffect.DONE_BEFORE: "withdrawn before",
    WithdrawalEffect.UNDECIDED: "unchanged: they have too many requests to find the one that would count",
    WithdrawalEffect.ERASED: "unchanged: their history was erased",
}
_STATUS = {
    ImportStatus.RUNNING: "begun, not finished",
    ImportStatus.FINISHED: "finished",
    ImportStatus.UNDOING: "undo begun, not finished",
    ImportStatus.UNDONE: "undone",
    ImportStatus.UNKNOWN: "in a status that this version does not know",
}


_EFFECT_WORDS = {effect.value: words for effect, words in EFFECTS.items()}


def view(record: ImportRecord) -> dict[str, Any]:
    """Return the record for JSON. Absent values are left out."""
    values: dict[str, Any] = {
        "id": record.id,
        "status": record.status.value,
        "identity": record.identity,
        "fileName": record.file_name,
        "sha256": record.sha256,
        "begunAt": as_text(record.begun_at),
        "updatedAt": text_or_none(record.updated_at),
        "finishedAt": text_or_none(record.finished_at),
        "options": dict(record.options),
        "columns": dict(record.columns),
        "counts": dict(record.counts),
        "undoneAt": text_or_none(record.undone_at),
        "undoneBy": record.undone_by,
        "undone": dict(record.undone) or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def line(record: ImportRecord) -> str:
    """Return an import as one line of text."""
    recorded = sum(record.counts.get(name, 0) for name in RECORDED)
    name, identity = printable(record.file_name, quoted=False), printable(record.identity, quoted=False)
    return f"{record.id}  {_STATUS[record.status]}  {name}  {recorded:,} recorded  {identity}"


def show_record(record: ImportRecord) -> None:
    """Print an import with all fields of its record."""
    rows: list[tuple[str, str | None]] = [
        (record.id, _STATUS[record.status]),
        ("file", printable(record.file_name, quoted=False)),
        ("SHA-256", record.sha256),
        ("AWS identity", printable(record.identity, quoted=False)),
        ("begun", as_text(record.begun_at)),
        ("finished", text_or_none(record.finished_at)),
        ("options", _listed({f"--{name}": value for name, value in record.options.items()}, " ")),
        ("columns", _listed(record.columns, ": ")),
        *((words, f"{count:,}") for words, count in _counted(record.counts, COUNTS)),
        ("undone", text_or_none(record.undone_at)),
        ("undone by", printable(record.undone_by, quoted=False) if record.undone_by is not None else None),
        *((words, f"{count:,}") for words, count in _counted(record.undone, _EFFECT_WORDS)),
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", min_width=20)
    grid.add_column(overflow="fold")
    for place, (name, value) in enumerate(rows):
        if value:
            grid.add_row(Text(name, style="not dim bold") if place == 0 else name, Text(value))
    console().print(grid)


def undo_view(record: ImportRecord, counts: Mapping[str, int], *, dry_run: bool) -> dict[str, Any]:
    """Return what an undo did, or would do, for JSON."""
    return {
        "id": record.id,
        "dryRun": dry_run,
        "numbers": sum(counts.values()),
        **{effect.value: counts.get(effect.value, 0) for effect in EFFECTS},
    }


def undo_summary(record: ImportRecord, counts: Mapping[str, int], *, done: bool) -> str:
    """Return, in sentences, what an undo did, or would do."""
    name = printable(record.file_name, quoted=False)
    head = f"import {record.id} of {name}, {sum(counts.values()):,} numbers{'' if done else ' (not done yet)'}:"
    lines = [f"{counts[effect.value]:>9,}  {words}" for effect, words in EFFECTS.items() if counts.get(effect.value)]
    return "\n".join([head, *(lines or ["        0  nothing was recorded by it"])])


def _listed(values: Mapping[str, str], between: str) -> str:
    return "; ".join(f"{name}{between}{printable(value, quoted=False)}" for name, value in sorted(values.items()))


def _counted(counts: Mapping[str, int], words: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return each count with its description, in the order of ``words``. Counts without one come last, under their own
    name."""
    known = [(phrase, counts[name]) for name, phrase in words.items() if counts.get(name)]
    return known + [(name, count) for name, count in sorted(counts.items()) if name not in words and count]
