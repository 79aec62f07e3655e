"""Decides what an import tells: how far it is, line by line what was not taken, and at the end what became of all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms_consent_cli.commands.import_.importer import FileImport, Line, LineOutcome
from sms_consent_cli.shared.progress_bar import progress_bar
from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["ImportReport"]

MOST_SHOWN = 5
"""Rejected lines that are told one by one; all of them are in the file."""
SWEEPING = 50 / 60
"""Of each minute, sweep works for so long."""

_WORDS = {
    LineOutcome.OPTED_IN: "opted in",
    LineOutcome.CONFIRMED: "were so already",
    LineOutcome.SUPERSEDED: "lost against a newer decision",
    LineOutcome.UNCHANGED: "had been imported before",
    LineOutcome.SKIPPED: "ask for nothing (--opt-ins imports opt-ins)",
    LineOutcome.REJECTED: "rejected",
}


@dataclass(slots=True)
class ImportReport:
    """What is to be said of one run."""

    rejects: Path | None  # None where nothing is written
    puts_per_second: float
    columns: Mapping[str, str] = field(default_factory=dict)  # what each was taken for
    file_import: FileImport | None = None
    seconds: float = 0.0
    followed: int | None = None

    def recording(self, file_import: FileImport, lines: Iterator[Line], total: int) -> None:
        """As it goes, on standard error."""
        self.file_import, summary = file_import, 0
        with progress_bar("recording" if self.rejects is not None else "checking", total) as bar:
            for line in lines:
                bar.advance(line.number)
                if line.outcome is LineOutcome.REJECTED and summary < MOST_SHOWN:
                    summary += 1
                    bar.console.print(f"line {line.number}: {visible(line.reason or '')}", soft_wrap=True)
        if self.rejected > summary:
            say(f"… and {self.rejected - summary} more", err=True)

    def following(self, counts: Iterator[int]) -> None:
        """Likewise."""
        total = self.count(LineOutcome.OPTED_OUT, LineOutcome.CONFIRMED, LineOutcome.SUPERSEDED, LineOutcome.UNCHANGED)
        with progress_bar("on the list", total) as bar:
            for self.followed in counts:
                bar.advance(self.followed)

    @property
    def rejected(self) -> int:
        """Lines that were not taken."""
        return self.count(LineOutcome.REJECTED)

    def count(self, *kinds: LineOutcome) -> int:
        """Lines of which that became."""
        return sum(self.file_import.counts[kind.value] for kind in kinds) if self.file_import is not None else 0

    def stopped(self) -> str:
        """For whoever is left half-way."""
        if self.followed is not None:
            return "the list goes on following without this command"
        if self.file_import is None or self.rejects is None:
            return "nothing was written"
        return f"stopped after line {self.file_import.line}; the same command goes on from there"

    def view(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dryRun": self.rejects is None,
            "lines": self.file_import.line if self.file_import is not None else 0,
            **{kind.value: self.count(kind) for kind in LineOutcome},
            "rejectsFile": str(self.rejects) if self.rejected and self.rejects is not None else None,
            "columns": dict(self.columns),
            "seconds": round(self.seconds, 1),
        }

    def summary(self) -> str:
        """For people."""
        new, would = self.count(LineOutcome.OPTED_OUT), "would be " if self.rejects is None else ""
        parts = [f"{new:,} {would}opted out"]
        parts += [f"{self.count(kind):,} {words}" for kind, words in _WORDS.items() if self.count(kind)]
        summary = ", ".join(parts)
        if self.rejected and self.rejects is not None:
            summary += f": see {self.rejects}"
        if new and self.rejects is not None and self.followed is None:
            summary += f"\n{self._forecast(new)}"
        return summary

    def _forecast(self, count: int) -> str:
        minutes = max(1, round(count / (self.puts_per_second * SWEEPING) / 60))
        span = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
        return f"The ledger answers for them from now on. The opt-out list follows in about {span}, unattended."
