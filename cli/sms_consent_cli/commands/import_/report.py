"""The output of an import: progress, rejected lines, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms_consent_cli.commands.import_.importer import FileImport, ImportedLine, LineOutcome
from sms_consent_cli.shared.progress import progress_bar
from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["ImportReport"]

MOST_SHOWN = 5
"""Rejected lines that are printed; the file has all of them."""
SWEEPING = 50 / 60
"""The share of each minute in which sweep works."""

_WORDS = {
    LineOutcome.OPTED_IN: "opted in",
    LineOutcome.CONFIRMED: "already had this status",
    LineOutcome.SUPERSEDED: "superseded by a newer decision",
    LineOutcome.UNCHANGED: "already recorded",
    LineOutcome.HELP: "ask for help, which changes nothing",
    LineOutcome.UNCLEAR: "unclear, which change nothing",
    LineOutcome.OUTBOUND: "sent by the company",
    LineOutcome.SKIPPED: "not opted out, skipped (--opt-ins imports opt-ins)",
    LineOutcome.REJECTED: "rejected",
}


@dataclass(slots=True)
class ImportReport:
    """The report of one run."""

    rejects: Path
    puts_per_second: float
    dry_run: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)  # the heading of each column
    file_import: FileImport | None = None
    seconds: float = 0.0
    followed: int | None = None
    import_id: str | None = None  # None where nothing is written
    mapping: Mapping[str, Any] = field(default_factory=dict)
    message_log: bool = False

    def recording(self, file_import: FileImport, lines: Iterator[ImportedLine], total: int) -> None:
        """Show the progress and the first rejected lines on standard error."""
        self.file_import, summary = file_import, 0
        with progress_bar("checking" if self.dry_run else "recording", total) as bar:
            for line in lines:
                bar.advance(line.number)
                if line.outcome is LineOutcome.REJECTED and summary < MOST_SHOWN:
                    summary += 1
                    bar.console.print(f"line {line.number}: {visible(line.reason or '')}", soft_wrap=True)
        if self.rejected > summary:
            say(f"… and {self.rejected - summary} more", err=True)

    def following(self, counts: Iterator[int]) -> None:
        """Show how many lines are on the opt-out list."""
        total = self.count(LineOutcome.OPTED_OUT, LineOutcome.CONFIRMED, LineOutcome.SUPERSEDED, LineOutcome.UNCHANGED)
        with progress_bar("on the list", total) as bar:
            for self.followed in counts:
                bar.advance(self.followed)

    @property
    def rejected(self) -> int:
        """The number of rejected lines."""
        return self.count(LineOutcome.REJECTED)

    def count(self, *kinds: LineOutcome) -> int:
        """Return how many lines had one of these outcomes."""
        return sum(self.file_import.counts[kind.value] for kind in kinds) if self.file_import is not None else 0

    def counted(self) -> tuple[int, dict[str, int]]:
        """Return the number of the last processed line, and the number of lines by outcome."""
        if self.file_import is None:
            return 0, {}
        return self.file_import.line, {name: count for name, count in self.file_import.counts.items() if count}

    def stopped(self) -> str:
        """Return the message for an interrupted run."""
        if self.followed is not None:
            return "sweep keeps updating the list without this command"
        if self.file_import is None or self.dry_run:
            return "nothing was written"
        return f"stopped after line {self.file_import.line}; the same command continues from there"

    def view(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "dryRun": self.dry_run,
            "importId": self.import_id,
            "lines": self.file_import.line if self.file_import is not None else 0,
            **{kind.value: self.count(kind) for kind in LineOutcome},
            "rejectsFile": str(self.rejects) if self.rejected else None,
            "columns": dict(self.columns),
            "mapping": dict(self.mapping),
            "seconds": round(self.seconds, 1),
        }

    def summary(self) -> str:
        """Return the result in sentences."""
        new, would = self.count(LineOutcome.OPTED_OUT), "would be " if self.dry_run else ""
        parts = [f"{new:,} {would}opted out"]
        known = _WORDS | ({LineOutcome.SKIPPED: "ask for nothing"} if self.message_log else {})
        parts += [f"{self.count(kind):,} {words}" for kind, words in known.items() if self.count(kind)]
        summary = ", ".join(parts)
        if self.rejected:
            summary += f": see {self.rejects}"
        if new and not self.dry_run and self.followed is None:
            summary += f"\n{self._forecast(new)}"
        return summary

    def _forecast(self, count: int) -> str:
        minutes = max(1, round(count / (self.puts_per_second * SWEEPING) / 60))
        span = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
        return f"The opt-outs count from now on. Sweep puts them on the opt-out list within about {span}."
