"""Decides what one run of `sms-consent import` works on, how far it goes, and what it says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli.account import Account
from cli.deployment import Deployment
from cli.import_journal import Journal
from cli.import_journal import Progress as Begun
from cli.import_waiting import followed
from cli.number_columns import Column
from cli.number_file import NumberFile
from cli.number_importing import Became, Importing, Keeping
from cli.number_row import Reading
from cli.refusal import Refusal
from cli.reject_file import RejectFile
from cli.sender_book import SenderBook
from cli.sender_checks import SenderChecks
from cli.written_time import TimeReading
from sms_consent.aws.ledger import DynamoLedger
from sms_consent.clock import SystemClock

__all__ = ["ImportRun", "Wish"]

TOLD = 5
"""Rejected lines that are told one by one; all of them are in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    file: Path
    columns: Mapping[Column, str]
    region: str | None
    list_name: str | None
    as_of: str | None
    timezone: str
    time_format: str | None
    end_user: bool
    source: str | None
    opt_ins: bool
    rejects: Path | None
    from_start: bool
    dry_run: bool
    check: bool
    workers: int

    def meaning(self) -> str:
        """What makes the same file another import."""
        kept = {name: value for name, value in asdict(self).items() if name not in _HOW}
        return repr(sorted(kept.items(), key=str))


_HOW = frozenset({"file", "rejects", "from_start", "dry_run", "check", "workers"})


class ImportRun:
    """Raises Refusal, NotFound, ConsentError, ClientError, BotoCoreError."""

    def __init__(self, wish: Wish, table: str | None, stack: str) -> None:
        if str(wish.file) == "-":
            raise Refusal("an import reads its file more than once, so that it can go on after a kill: save it first")
        if wish.region is not None and wish.region.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise Refusal("--region takes the two letters of a country, as US")
        self._wish = wish
        self._clock = SystemClock()
        self._deployment = Deployment(stack, table=table)
        self._file = NumberFile.at(wish.file, wish.columns, wish.region)
        self._reading = self._read_as()
        self._journal = Journal(wish.file.with_name(wish.file.name + ".progress"), self._file.digest + wish.meaning())
        self._rejects = wish.rejects or wish.file.with_suffix(".rejects.csv")
        if self._rejects.resolve() == wish.file.resolve():
            raise Refusal("--rejects names the file that is to be imported")
        self._importing: Importing | None = None
        self._seconds = 0.0
        self._followed: int | None = None

    # --- how it is read

    def _read_as(self) -> Reading:
        wish, now = self._wish, self._clock.now()
        try:
            times = TimeReading(ZoneInfo(wish.timezone) if wish.timezone != "UTC" else UTC, wish.time_format)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Refusal("--timezone takes a name as America/New_York") from error
        try:
            as_of = TimeReading(times.zone).read(wish.as_of, now) if wish.as_of is not None else None
        except ValueError as error:
            raise Refusal(
                f"--as-of: {str(error).partition(':')[0]}; a time is 2026-11-03T14:02:11Z or a day"
            ) from error
        places = self._file.columns.places
        if as_of is None and Column.TIME not in places:
            raise Refusal("no column says when: give --time-column, or with --as-of when the file was exported")
        return Reading(
            columns=self._file.columns, now=now, times=times, region=wish.region, as_of=as_of,
            own_list=self._list(wish.list_name or self._deployment.own_list or ""), list_name=self._list,
            source=wish.source, end_user=wish.end_user,
        )  # fmt: skip

    @cached_property
    def _list(self) -> Any:
        """Each list is looked up once, and known from then on: an opt-out that counts for all lists must not miss it."""

        @cache
        def known(given: str) -> str:
            name, found = self._checks.list_name(given)
            note = self._checks.note_of_permission(found) if found is not None else None
            if note is not None:
                typer.echo(f"note: {note}", err=True)
            if not self._wish.dry_run and name != self._deployment.own_list:
                book = SenderBook(self._deployment.dynamodb(), self._deployment.table)
                book.change_groups(lambda groups: {name: None, **groups})
            return name

        return known

    @cached_property
    def _checks(self) -> SenderChecks:
        deployment = self._deployment
        account = Account(deployment.sms_voice(), deployment.own_list) if self._wish.check else None
        return SenderChecks(deployment, account)

    # --- what it does

    def record(self) -> None:
        """Into the ledger. Goes on where the last run of the same file and the same options was stopped."""
        wish = self._wish
        try:
            if wish.dry_run:
                self._through(self._importer(None, None))
                return
            begun = Begun() if wish.from_start else self._journal.read()
            if begun.line:
                typer.echo(f"going on after line {begun.line}, where the last run came to", err=True)
            with closing(RejectFile(self._rejects, self._file, begun.rejects_bytes)) as rejects:
                ledger = DynamoLedger(self._deployment.dynamodb_for(wish.workers), self._deployment.table)
                self._through(self._importer(ledger, Keeping(self._journal, rejects, begun)))
            self._journal.forget()
        except OSError as error:
            raise Refusal(f"{error.filename or wish.file}: {error.strerror}") from error

    def _importer(self, ledger: DynamoLedger | None, keeping: Keeping | None) -> Importing:
        self._importing = Importing(
            self._file, self._reading, ledger=ledger, clock=self._clock, opt_ins=self._wish.opt_ins,
            workers=self._wish.workers, keeping=keeping,
        )  # fmt: skip
        return self._importing

    def _through(self, importing: Importing) -> None:
        started, told = time.monotonic(), 0
        with _bar((self._wish.dry_run and "checking") or "recording", self._file.lines) as (bar, task):
            for line in importing.run(time.monotonic):
                bar.update(task, completed=line.number)
                if line.became is Became.REJECTED and told < TOLD:
                    told += 1
                    bar.console.print(
                        f"line {line.number}: {line.reason}", highlight=False, markup=False, soft_wrap=True
                    )
        self._seconds = time.monotonic() - started
        if self.rejected > told:
            typer.echo(f"… and {self.rejected - told} more", err=True)

    def wait(self) -> None:
        """Until the list has followed."""
        with _bar("on the list", self._on_their_way) as (bar, task):
            for done in followed(
                self._file,
                self._reading,
                client=self._deployment.dynamodb(),
                table=self._deployment.table,
                clock=self._clock,
            ):
                self._followed = done
                bar.update(task, completed=done)

    # --- what it says

    @property
    def rejected(self) -> int:
        """Lines that were not taken."""
        return self._count(Became.REJECTED)

    def _count(self, *kinds: Became) -> int:
        return sum(self._importing.counts[kind.value] for kind in kinds) if self._importing is not None else 0

    @property
    def _on_their_way(self) -> int:
        return self._count(Became.OPTED_OUT, Became.CONFIRMED, Became.SUPERSEDED, Became.UNCHANGED)

    def stopped(self) -> str:
        """For whoever is left half-way."""
        if self._followed is not None:
            return "the list goes on following without this command"
        if self._importing is None:
            return "nothing was written"
        return f"stopped after line {self._importing.line}; the same command goes on from there"

    def view(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dryRun": self._wish.dry_run,
            "lines": self._importing.line if self._importing is not None else 0,
            **{kind.value: self._count(kind) for kind in Became},
            "rejectsFile": str(self._rejects) if self.rejected and not self._wish.dry_run else None,
            "seconds": round(self._seconds, 1),
        }

    def told(self) -> str:
        """For people."""
        new, would = self._count(Became.OPTED_OUT), "would be " if self._wish.dry_run else ""
        parts = [f"{new:,} {would}opted out"]
        for kind, words in _WORDS.items():
            if self._count(kind):
                parts.append(f"{self._count(kind):,} {words}")
        told = ", ".join(parts)
        if self.rejected and not self._wish.dry_run:
            told += f": see {self._rejects}"
        if new and not self._wish.dry_run and self._followed is None:
            told += f"\n{self._forecast(new)}"
        return told

    def _forecast(self, count: int) -> str:
        rate = float(self._deployment.parameter("PutRequestsPerSecond", "10")) * 50 / 60  # sweep's share of each minute
        minutes = max(1, round(count / rate / 60))
        span = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
        return f"The ledger answers for them from now on. The opt-out list follows in about {span}, unattended."


_WORDS = {
    Became.OPTED_IN: "opted in",
    Became.CONFIRMED: "were so already",
    Became.SUPERSEDED: "lost against a newer decision",
    Became.UNCHANGED: "had been imported before",
    Became.SKIPPED: "ask for nothing (--opt-ins imports opt-ins)",
    Became.REJECTED: "rejected",
}


@contextmanager
def _bar(what: str, total: int) -> Iterator[tuple[Progress, TaskID]]:
    """On standard error, so that a program can read the result; a terminal's only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar, bar.add_task(what, total=total)
