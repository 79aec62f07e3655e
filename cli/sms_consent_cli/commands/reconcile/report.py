"""The output of a reconcile run: a progress bar, lines for differences, and the result."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from sms_consent.domain.consent import Drift, DriftKind
from sms_consent.domain.time import as_text, text_or_none
from sms_consent.reconciliation.progress import RunProgress
from sms_consent.reconciliation.reconciler import Observer
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say, say_json, visible

__all__ = ["ReconcileProgressBar", "busy", "outcome_view", "show_outcome"]

_FOUND = {
    DriftKind.NOT_LISTED: ("opted out, but not on the list", "due to be put back"),
    DriftKind.NOT_RECORDED: ("on the list, but unknown to the ledger", "recorded as imported"),
    DriftKind.STILL_LISTED: ("opted in, but still on the list", "due to be removed, once the 30 days are over"),
}


class ReconcileProgressBar(Observer):
    """A progress bar on standard error, in a terminal only. AWS returns no list's length, so the last run's is used."""

    def __init__(self, *, numbers: bool, as_json: bool) -> None:
        self._numbers = numbers
        self._as_json = as_json
        err = console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f} numbers, {task.fields[differ]:,} differ"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._task: TaskID | None = None
        self._phase: str | None = None

    def __enter__(self) -> ReconcileProgressBar:
        self._progress.start()
        self._begin("reading the deployment", None, 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def found(self, drift: Drift) -> None:
        """Print a difference on standard output."""
        if not self._numbers:
            return
        if self._as_json:
            say_json({"kind": drift.kind.value, "number": drift.number, "optOutList": drift.list_name})
        else:
            say(f"{drift.kind.value}  {drift.number}  {visible(drift.list_name)}")

    def page_done(self, run: RunProgress) -> None:
        """Show the progress."""
        counts = run.counts
        differ = sum(counts.drifts.values())
        if run.list_name is not None:
            self._begin(f"reading {run.list_name}", run.expected, differ)
            self._show(counts.listed, differ)
        elif run.is_open:
            self._begin("reading the ledger", counts.listed or None, differ)
            self._show(counts.consents, differ)

    def _begin(self, phase: str, total: int | None, differ: int) -> None:
        if phase == self._phase:
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._phase, self._task = phase, self._progress.add_task(phase, total=total, differ=differ)

    def _show(self, completed: int, differ: int) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=completed, differ=differ)


def busy(run: RunProgress) -> str:
    """Return the message for a run that is active elsewhere."""
    until = f", at least until {as_text(run.lease_until)}" if run.lease_until is not None else ""
    return f"another reconcile run is active{until}; it has read {run.counts.listed:,} numbers so far"


def outcome_view(run: RunProgress, *, dry_run: bool) -> dict[str, Any]:
    """Return the result for JSON."""
    counts = run.counts
    view = {
        "dryRun": dry_run,
        "startedAt": as_text(run.started_at),
        "finishedAt": text_or_none(run.finished_at),
        "lists": list(run.lists),
        "unreadLists": list(run.unread),
        "pages": counts.pages,
        "listed": counts.listed,
        "consents": counts.consents,
        "lookups": counts.lookups,
        "unjudged": counts.unjudged,
        "found": {kind.value: count for kind, count in counts.drifts.items()},
    }
    return {name: value for name, value in view.items() if value is not None}


def show_outcome(run: RunProgress, *, dry_run: bool) -> None:
    """Print what was read, and what differs."""
    out, counts = console(), run.counts
    numbers, lists, pages = (
        _count_of(counts.listed, "number"),
        _count_of(len(run.lists), "list"),
        _count_of(counts.pages, "page"),
    )
    out.print(f"{numbers} on {lists} ({pages}), {_count_of(counts.consents, 'opt-out')} in the ledger")
    if any(counts.drifts.values()):
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column(overflow="fold")
        table.add_column(overflow="fold", style="dim")
        for kind, count in counts.drifts.items():
            if count:
                what, correction = _FOUND[kind]
                table.add_row(f"{count:,}", what, "not changed" if dry_run else correction)
        out.print(table)
    elif not run.unread:
        out.print("No difference.")
    if counts.unjudged:
        out.print(f"{counts.unjudged:,} numbers could not be checked: AWS refused the call.", style="yellow")
    for name in run.unread:
        out.print(
            f"{visible(name)} cannot be read: it does not exist, or you lack the permission DescribeOptedOutNumbers.",
            style="yellow",
        )


def _count_of(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"
