"""The report of `sms-consent local`: a table, or one block per text in a narrow terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Outcome
from sms_consent.domain.reply import ReplyState
from sms_consent_cli.local.event_result import EventResult
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["show"]

COLUMNS = ("text", "intent", "rule", "consent", "list", "reply")
NARROW = 116
"""The minimum width of a table, in characters."""

FIXED = {"intent": 7, "consent": 21, "list": 21}
"""Widths that keep words such as EndUserOptedOut=false on one line. The other columns share the rest."""
SHARES = {"text": 4, "rule": 4, "reply": 5}

_OUTCOMES = {
    Outcome.CONFIRMED: "already so",
    Outcome.STALE: "stale: a newer decision exists",
}
_STYLES = {Status.OPTED_OUT: "red", Status.OPTED_IN: "green", Status.OPT_IN_PENDING: "yellow"}


def show(console: Console, files: Sequence[tuple[str, Sequence[EventResult]]]) -> None:
    """Print the results of all files, in order."""
    if console.width < NARROW:
        _blocks(console, files)
    else:
        _table(console, files)
    rows = [result for _, results in files for result in results]
    failed = sum(result.problem is not None for result in rows)
    told = f"{len(rows)} {'text' if len(rows) == 1 else 'texts'}"
    if failed:
        console.print(f"{told}, {failed} could not be processed", style="bold red", highlight=False)
    else:
        console.print(f"{told}, all processed", style="dim", highlight=False)


def _table(console: Console, files: Sequence[tuple[str, Sequence[EventResult]]]) -> None:
    """Print one table per file, with equal widths and one heading."""
    for place, (name, results) in enumerate(files):
        table = Table(
            show_lines=True,
            expand=True,
            show_header=place == 0,
            header_style="bold",
            title=Styled(printable(name, quoted=False), style="dim"),
            title_justify="left",
        )
        for column in COLUMNS:
            table.add_column(column, overflow="fold", width=FIXED.get(column), ratio=SHARES.get(column))
        for result in results:
            table.add_row(_text(result), *_cells(result))
        console.print(table)


def _blocks(console: Console, files: Sequence[tuple[str, Sequence[EventResult]]]) -> None:
    for name, results in files:
        console.print(Styled(printable(name, quoted=False), style="dim"))
        for result in results:
            block = Table.grid(padding=(0, 1, 0, 0), pad_edge=True)
            block.add_column(style="bold", no_wrap=True)
            block.add_column(overflow="fold")
            for label, cell in zip(COLUMNS, (_text(result), *_cells(result)), strict=True):
                block.add_row(label, cell)
            console.print(block)
            console.print()


def _text(result: EventResult) -> Styled:
    text = result.record.text
    if text is None:
        return Styled("(no text: an event of another kind)" if result.problem is None else "(unreadable)")
    return Styled.assemble((printable(text.body), "bold"), "\n", printable(text.sender, quoted=False))


def _cells(result: EventResult) -> tuple[Styled, Styled, Styled, Styled, Styled]:
    if result.problem is not None:
        none = Styled("-")
        return (
            none,
            Styled(f"not processed: {printable(result.problem, quoted=False)}", style="bold red"),
            none,
            none,
            none,
        )
    return _intent(result), _rule(result), _consent(result.consent), _list(result), _reply(result)


def _intent(result: EventResult) -> Styled:
    if result.decision is None:
        return Styled("NONE")
    tier = (result.decision.tier or "").lower()
    return Styled.assemble((result.decision.asked, "bold"), ("\n" + tier, "dim"))


def _rule(result: EventResult) -> Styled:
    if result.decision is None:
        return Styled("no request: ignored")
    rule = Styled(printable(result.decision.rule or "-", quoted=False))
    if result.outcome in _OUTCOMES:
        rule.append("\n" + _OUTCOMES[result.outcome], style="yellow")
    return rule


def _consent(consent: Consent | None) -> Styled:
    if consent is None:
        return Styled("none recorded")
    said = Styled(consent.status, style=_STYLES[consent.status])
    if consent.status is Status.OPTED_OUT:
        said.append(f"\nEndUserOptedOut={str(consent.end_user_opted_out).lower()}", style="default")
    said.append(f"\nsince {_moment(consent.decided_at)}", style="dim")
    if consent.held_until is not None:
        said.append(f"\nheld until {_moment(consent.held_until)}", style="default")
    if not consent.settled:
        said.append("\nnot applied to the list yet", style="yellow")
    return said


def _list(result: EventResult) -> Styled:
    if result.record.text is None or result.listing is None:
        return Styled("not on it")
    said = Styled("on it")
    if result.listing.at is not None:
        said.append(f"\nsince {_moment(result.listing.at)}", style="dim")
    said.append(f"\nAWS reports\nEndUserOptedOut={str(result.listing.end_user_opted_out).lower()}", style="dim")
    return said


def _reply(result: EventResult) -> Styled:
    if result.reply is not None:
        return Styled(printable(result.reply.body, quoted=False))
    if result.answer is None or result.answer.state is ReplyState.SENT:
        return Styled("none")
    reason = f": {printable(result.answer.reason, quoted=False)}" if result.answer.reason else ""
    return Styled(f"{result.answer.state.lower()}{reason}", style="yellow")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
