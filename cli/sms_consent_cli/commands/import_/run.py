"""One run of `sms-consent import`: its options, its inputs, and its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.decision import Asked
from sms_consent.domain.errors import ConsentError
from sms_consent.domain.import_record import ImportRecord, ImportStatus
from sms_consent.domain.time import from_text, to_millisecond
from sms_consent_cli.commands.import_.columns import Column, StatusRule, StatusUnknown, listed
from sms_consent_cli.commands.import_.import_log import ImportLog, caller_identity, new_id
from sms_consent_cli.commands.import_.importer import FileImport, ImportState
from sms_consent_cli.commands.import_.journal import Journal
from sms_consent_cli.commands.import_.journal import Progress as Begun
from sms_consent_cli.commands.import_.list_progress import followed
from sms_consent_cli.commands.import_.mapping import FileSurvey, confirm, is_terminal
from sms_consent_cli.commands.import_.message_log import MessageLines, MessageSurvey
from sms_consent_cli.commands.import_.number_cell import NumberForm
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.reject_file import RejectFile
from sms_consent_cli.commands.import_.report import ImportReport
from sms_consent_cli.commands.import_.row import ColumnSettings
from sms_consent_cli.shared.account import Account
from sms_consent_cli.shared.classification import actions_by, of_parameters
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.number_input import is_country
from sms_consent_cli.shared.progress import progress_bar
from sms_consent_cli.shared.sender_checks import SenderChecks
from sms_consent_cli.shared.terminal_text import say, visible
from sms_consent_cli.shared.usage_error import UsageError
from sms_consent_cli.shared.written_time import TimeFormat

__all__ = ["ImportOptions", "ImportRun"]

SHOW_EVERY = 500
"""Lines between two updates of the progress bar while the file is surveyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of the command line."""

    file: Path
    columns: Mapping[Column, str]
    region: str | None
    with_country_code: bool
    sheet: str | None
    preset: str | None
    list_name: str | None
    as_of: str | None
    timezone: str | None
    time_format: str | None
    end_user: bool
    source: str | None
    by: str | None
    opt_ins: bool
    rule: StatusRule
    all_inbound: bool
    rejects: Path | None
    from_start: bool
    dry_run: bool
    yes: bool
    check: bool
    workers: int

    def meaning(self) -> str:
        """Return, as text, the options that make two imports of one file different."""
        kept = {name: value for name, value in asdict(self).items() if name not in _HOW}
        return repr(sorted(kept.items(), key=str))

    def stored(self) -> dict[str, str]:
        """Return the options that were given, for the import's record."""
        values = {
            "region": self.region, "with-country-code": self.with_country_code, "sheet": self.sheet,
            "preset": self.preset, "list": self.list_name, "as-of": self.as_of, "timezone": self.timezone,
            "time-format": self.time_format, "end-user": self.end_user, "source": self.source, "by": self.by,
            "opt-ins": self.opt_ins, "all-opted-out": self.rule.all_opted_out,
            "yes-means": self.rule.yes_means, "no-check": not self.check,
            "all-inbound": self.all_inbound,
            **{f"{column}-column": given for column, given in self.columns.items()},
        }  # fmt: skip
        return {name: "true" if value is True else str(value) for name, value in values.items() if value}


_HOW = frozenset({"file", "rejects", "from_start", "dry_run", "yes", "check", "workers", "by"})


class ImportRun:
    """One run. Raises UsageError, NotFound, ConsentError, ClientError or BotoCoreError."""

    def __init__(self, options: ImportOptions, table: str | None, stack: str) -> None:
        if str(options.file) == "-":
            raise UsageError(
                "an import reads its file more than once, so that it can continue after a kill: save it first"
            )
        if options.region is not None and not is_country(options.region):
            raise UsageError("--region takes the two letters of a country, as US")
        if Column.TEXT in options.columns:
            _check_for_messages(options)
        elif options.all_inbound or {Column.DIRECTION, Column.TEXTED} & options.columns.keys():
            raise UsageError(
                "--direction-column, --texted-column and --all-inbound are for message logs: give --text-column"
            )
        options, self._file = _opened(options)
        self._options = options
        self._deployment = Deployment(stack, table=table)
        self._clock = self._deployment.clock
        self._journal = Journal(
            options.file.with_name(options.file.name + ".progress"), self._file.digest + options.meaning()
        )
        self._start = Begun() if options.from_start or options.dry_run else self._journal.read()
        began_at = self._start.began_at
        self._settings = self._read_as(
            from_text(began_at) if began_at is not None else to_millisecond(self._clock.now())
        )
        self._rejects = options.rejects or options.file.with_suffix(".rejects.csv")
        if self._rejects.resolve() == options.file.resolve():
            raise UsageError("--rejects names the file that is to be imported")
        if self._rejects.exists() and not self._rejects.is_file():
            raise UsageError(f"--rejects: {self._rejects} is not a regular file")
        rate = float(self._deployment.parameter("PutRequestsPerSecond", "10"))
        self.report = ImportReport(
            self._rejects, rate, options.dry_run, self._file.columns.view(), message_log=Column.TEXT in options.columns
        )

    # --- how it is read

    def _read_as(self, now: datetime) -> ColumnSettings:
        options, preset = self._options, self._file.preset
        zone = _zone(options.timezone)
        times = TimeFormat(zone or _zone(preset.timezone if preset is not None else None), options.time_format)
        try:
            as_of = None
            if options.as_of is not None:
                as_of = TimeFormat(zone).read(options.as_of).moment(Asked.OPT_OUT, now)
        except ValueError as error:
            reason = str(error).replace("its time", "the time")
            if "is not written as" in reason:
                reason = "give a day or a time in ISO 8601, as 2026-11-03 or 2026-11-03T14:02:11Z"
            raise UsageError(f"--as-of: {reason}") from error
        places = self._file.columns.places
        if as_of is None and Column.TIME not in places:
            headings = self._file.columns.headings
            there = f". The headings are {listed(headings)}" if headings else ""
            raise UsageError(f"no column has times: give --time-column, or the time of the export with --as-of{there}")
        return ColumnSettings(
            columns=self._file.columns, now=now, times=times, region=options.region, as_of=as_of,
            own_list=self._list(options.list_name or self._deployment.own_list or ""), list_name=self._list,
            source=options.source, end_user=options.end_user, opt_ins=options.opt_ins,
            with_country_code=options.with_country_code or (preset is not None and preset.with_country_code),
        )  # fmt: skip

    @cached_property
    def _list(self) -> Callable[[str], str]:
        """Return a function that returns a list's name as the ledger spells it. Each list is looked up once."""

        @cache
        def known(given: str) -> str:
            name, found = self._checks.list_name(given)
            note = self._checks.note_of_permission(found) if found is not None else None
            if note is not None:
                say(f"note: {visible(note)}", err=True)
            return name

        return known

    @cached_property
    def _registered_list(self) -> Callable[[str], str]:
        """Return a function like ``_list`` that also adds the list to the known ones, so that opt-outs for all lists
        include it."""

        @cache
        def registered(given: str) -> str:
            name = self._list(given)
            if name != self._deployment.own_list:
                sender_store = SenderStore(self._deployment.dynamodb(), self._deployment.table, self._deployment.names)
                sender_store.change_groups(lambda groups: {name: None, **groups})
            return name

        return registered

    @cached_property
    def _checks(self) -> SenderChecks:
        deployment = self._deployment
        account = Account(deployment.sms_voice()) if self._options.check else None
        return SenderChecks(deployment, account)

    # --- what it does

    def record(self) -> None:
        """Record the file in the ledger. Continues an interrupted run of the same file and options."""
        options = self._options
        self._confirm_mapping()
        try:
            if options.dry_run:
                with closing(RejectFile(self._rejects, self._file)) as rejects:
                    self._import(None, ImportState(None, rejects, Begun()))
                return
            self._settings = replace(self._settings, list_name=self._registered_list)
            self._registered_list(self._settings.own_list)
            progress = self._start
            if progress.line:
                say(f"continuing after line {progress.line}, where the last run stopped", err=True)
            records = DynamoImportRecords(self._deployment.dynamodb(), self._deployment.table)
            known = records.all()
            log = self._log(records, known, progress)
            undone = {ImportStatus.UNDOING, ImportStatus.UNDONE}
            withdrawn = frozenset(each.id for each in known if each.status in undone)
            same = self._file.digest, options.stored(), self._file.columns.view()
            others = frozenset(each.id for each in known if (each.sha256, each.options, each.columns) != same)
            with closing(RejectFile(self._rejects, self._file, progress.rejects_bytes)) as rejects:
                ledger = DynamoLedger(
                    self._deployment.dynamodb_for(options.workers),
                    self._deployment.table,
                    self._deployment.names,
                    clock=self._deployment.clock,
                )
                try:
                    self._import(ledger, ImportState(self._journal, rejects, progress, log, withdrawn, others))
                except BaseException:
                    with suppress(ConsentError, UsageError):  # the first error is reported
                        log.stop(*self.report.counted())
                    raise
            log.finish(*self.report.counted())
            self._journal.forget()
        except OSError as error:
            raise UsageError(f"{error.filename or options.file}: {error.strerror}") from error

    def _confirm_mapping(self) -> None:
        """Read the whole file once and show what would be imported.

        Raises UsageError if the user must confirm, or add an option.
        """
        reader = self._messages()
        survey = FileSurvey(self._file, self._settings) if reader is None else MessageSurvey(self._file, reader)
        with progress_bar("reading", self._file.lines) as bar:
            for line in survey.run():
                if line % SHOW_EVERY == 0:
                    bar.advance(line)
        say(survey.mapping(), err=True)
        self.report.mapping = survey.view()
        doubt = survey.doubt() if isinstance(survey, FileSurvey) else None
        confirm(survey, yes=self._options.yes, dry_run=self._options.dry_run, doubt=doubt)

    def _messages(self) -> MessageLines | None:
        """Return the reader of a message log, with the deployment's rules; None if the file is one of numbers."""
        if Column.TEXT not in self._file.columns.places:
            return None
        deployment = self._deployment
        parameters = deployment.parameters() if deployment.has_stack else {}
        days = int(parameters.get("BodyRetentionDays") or 0)
        return MessageLines(
            self._settings, of_parameters(parameters), actions_by(parameters), all_inbound=self._options.all_inbound,
            keep_texts=timedelta(days=days) if days else None,
        )  # fmt: skip

    def _import(self, ledger: DynamoLedger | None, state: ImportState | None) -> None:
        file_import = FileImport(
            self._file, self._settings, ledger=ledger, clock=self._clock, opt_ins=self._options.opt_ins,
            workers=self._options.workers, state=state, reader=self._messages(),
        )  # fmt: skip
        started = time.monotonic()
        self.report.recording(file_import, file_import.run(time.monotonic), self._file.lines)
        self.report.seconds = time.monotonic() - started

    def _log(self, records: DynamoImportRecords, known: list[ImportRecord], progress: Begun) -> ImportLog:
        """Return the import's record: that of the interrupted run if it is continued, otherwise a new one."""
        if progress.import_id is not None and (log := ImportLog.resume(records, self._clock, progress.import_id)):
            self.report.import_id = log.id
            return log
        for earlier in known:
            if earlier.sha256 == self._file.digest:
                say(f"note: {_same_file(earlier)}", err=True)
        now = self._clock.now()
        log = ImportLog.begin(
            records, self._clock,
            ImportRecord(
                id=new_id(now), identity=caller_identity(self._deployment), file_name=self._options.file.name,
                sha256=self._file.digest, begun_at=now, status=ImportStatus.RUNNING, options=self._options.stored(),
                columns=self._file.columns.view(),
            ),
        )  # fmt: skip
        self.report.import_id = log.id
        say(f"import {log.id}", err=True)
        return log

    def wait(self) -> None:
        """Wait until the opt-out list is up to date."""
        if Column.TEXT in self._options.columns:
            raise UsageError(
                "--wait is not for message logs; what they changed is recorded, and sweep updates the list"
            )
        client, table = self._deployment.dynamodb(), self._deployment.table
        self.report.following(followed(self._file, self._settings, client=client, table=table, clock=self._clock))


def _check_for_messages(options: ImportOptions) -> None:
    """Raise UsageError if an option says who opted out: in a message log, the texts say it."""
    given = {
        "--all-opted-out": options.rule.all_opted_out, "--yes-means": options.rule.yes_means is not None,
        "--end-user": options.end_user, "--as-of": options.as_of is not None,
    }  # fmt: skip
    wrong = [name for name, is_given in given.items() if is_given]
    if wrong:
        raise UsageError(
            f"{wrong[0]} is not for message logs (--text-column): the texts and their times say who opted out"
        )


def _opened(options: ImportOptions) -> tuple[ImportOptions, NumberFile]:
    """Open the file. Return it, and the options with the answers of a user in a terminal. Raises UsageError."""
    try:
        return options, _file_of(options)
    except StatusUnknown as unknown:
        if options.yes or not is_terminal():
            raise
        say(f"note: {visible(str(unknown))}", err=True)
    answer = typer.prompt("Which column says who opted out? Its heading, or ALL if every line is an opt-out", err=True)
    if answer.strip() == "ALL":
        options = replace(options, rule=replace(options.rule, all_opted_out=True))
    else:
        options = replace(options, columns={**options.columns, Column.STATUS: answer.strip()})
    return options, _file_of(options)


def _file_of(options: ImportOptions) -> NumberFile:
    form = NumberForm(options.region, options.with_country_code)
    return NumberFile.at(options.file, options.columns, form, options.rule, options.sheet, options.preset)


def _zone(name: str | None) -> tzinfo | None:
    """Return a time zone by its name. Raises UsageError if there is none."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name) if name is not None else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError("--timezone takes a name as America/New_York") from error


def _same_file(earlier: ImportRecord) -> str:
    day = f"{earlier.begun_at:%Y-%m-%d %H:%M} UTC"
    match earlier.status:
        case ImportStatus.UNDOING | ImportStatus.UNDONE:
            return f"this file was imported on {day} ({earlier.id}), and that import was undone"
        case ImportStatus.RUNNING:
            return f"an import of this file was begun on {day} and did not finish ({earlier.id})"
        case _:
            return (
                f"this file was imported on {day} ({earlier.id}): lines that were recorded then do not change anything"
            )
