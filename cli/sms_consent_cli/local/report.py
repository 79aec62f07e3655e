"""Decides how a person reads what became of each text: a table, or one block a text where the terminal is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Outcome
from sms_consent.domain.reply import ReplyState
from sms_consent_cli.local.event_result import Fate
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["show"]

COLUMNS = ("text", "intent", "rule", "consent", "list", "reply")
NARROW = 116
"""Below this, six columns are more hyphenation than table."""

FIXED = {"intent": 7, "consent": 21, "list": 21}
"""What must not be torn: OPT_OUT, EndUserOptedOut=false. The other columns share the rest."""
SHARES = {"text": 4, "rule": 4, "reply": 5}

_OUTCOMES = {
    Outcome.CONFIRMED: "asked for what already was",
    Outcome.STALE: "stale: a newer decision stood already",
}
_STYLES = {Status.OPTED_OUT: "red", Status.OPTED_IN: "green", Status.OPT_IN_PENDING: "yellow"}


def show(console: Console, files: Sequence[tuple[str, Sequence[Fate]]]) -> None:
    """Every text of every file, in order."""
    if console.width < NARROW:
        _blocks(console, files)
    else:
        _table(console, files)
    rows = [fate for _, fates in files for fate in fates]
    failed = sum(fate.problem is not None for fate in rows)
    told = f"{len(rows)} {'text' if len(rows) == 1 else 'texts'}"
    if failed:
        console.print(f"{told}, {failed} could not be processed", style="bold red", highlight=False)
    else:
        console.print(f"{told}, all processed", style="dim", highlight=False)


def _table(console: Console, files: Sequence[tuple[str, Sequence[Fate]]]) -> None:
    """One table a file, all of the same widths; the first has the heading for all."""
    for place, (name, fates) in enumerate(files):
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
        for fate in fates:
            table.add_row(_text(fate), *_cells(fate))
        console.print(table)


def _blocks(console: Console, files: Sequence[tuple[str, Sequence[Fate]]]) -> None:
    for name, fates in files:
        console.print(Styled(printable(name, quoted=False), style="dim"))
        for fate in fates:
            block = Table.grid(padding=(0, 1, 0, 0), pad_edge=True)
            block.add_column(style="bold", no_wrap=True)
            block.add_column(overflow="fold")
            for label, cell in zip(COLUMNS, (_text(fate), *_cells(fate)), strict=True):
                block.add_row(label, cell)
            console.print(block)
            console.print()


def _text(fate: Fate) -> Styled:
    text = fate.record.text
    if text is None:
        return Styled("(no text: an event of another kind)" if fate.problem is None else "(unreadable)")
    return Styled.assemble((printable(text.body), "bold"), "\n", printable(text.sender, quoted=False))


def _cells(fate: Fate) -> tuple[Styled, Styled, Styled, Styled, Styled]:
    if fate.problem is not None:
        none = Styled("-")
        return (
            none,
            Styled(f"not processed: {printable(fate.problem, quoted=False)}", style="bold red"),
            none,
            none,
            none,
        )
    return _intent(fate), _rule(fate), _consent(fate.consent), _list(fate), _reply(fate)


def _intent(fate: Fate) -> Styled:
    if fate.decision is None:
        return Styled("NONE")
    tier = (fate.decision.tier or "").lower()
    return Styled.assemble((fate.decision.asked, "bold"), ("\n" + tier, "dim"))


def _rule(fate: Fate) -> Styled:
    if fate.decision is None:
        return Styled("asks for nothing: left alone")
    rule = Styled(printable(fate.decision.rule or "-", quoted=False))
    if fate.outcome in _OUTCOMES:
        rule.append("\n" + _OUTCOMES[fate.outcome], style="yellow")
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


def _list(fate: Fate) -> Styled:
    if fate.record.text is None or fate.listing is None:
        return Styled("not on it")
    said = Styled("on it")
    if fate.listing.at is not None:
        said.append(f"\nsince {_moment(fate.listing.at)}", style="dim")
    said.append(f"\nAWS itself says\nEndUserOptedOut={str(fate.listing.end_user_opted_out).lower()}", style="dim")
    return said


def _reply(fate: Fate) -> Styled:
    if fate.reply is not None:
        return Styled(printable(fate.reply.body, quoted=False))
    if fate.answer is None or fate.answer.state is ReplyState.SENT:
        return Styled("none")
    reason = f": {printable(fate.answer.reason, quoted=False)}" if fate.answer.reason else ""
    return Styled(f"{fate.answer.state.lower()}{reason}", style="yellow")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
