"""The output of `check` and `history` for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.withdrawal import NO_REQUEST
from sms_consent_cli.shared.narrative import Narrative, NumberHistory
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["show_consents", "show_history"]

ANSWERS = {
    Status.OPTED_OUT: ("opted out", "bold red"),
    Status.OPTED_IN: ("opted in", "bold green"),
    Status.OPT_IN_PENDING: ("opted out until a pending opt-in can be carried out", "bold yellow"),
}
_SINCE = {Status.OPT_IN_PENDING: "opt-in requested"}
"""What the time of a status is called: a pending opt-in's is not that from which the person is opted out."""


def show_consents(number: str, consents: Sequence[Consent], imported: Mapping[str, str] | None = None) -> None:
    """Print one block for each list. ``imported`` describes the import behind a consent, by list."""
    out = console()
    if not consents:
        out.print(f"{number}: nothing is known", style="bold")
        return
    for consent in consents:
        answer, style = ANSWERS[consent.status]
        rows: list[tuple[str, str | Styled | None]] = [
            (number, Styled(answer, style=style)),
            ("opt-out list", printable(consent.list_name, quoted=False)),
            (_SINCE.get(consent.status, "since"), _since(consent)),
            ("source", (imported or {}).get(consent.list_name)),
            ("EndUserOptedOut", str(consent.end_user_opted_out).lower()),
            ("removal possible", _moment(consent.held_until)),
            ("refusal", printable(consent.refusal, quoted=False) if consent.refusal is not None else None),
            ("list status", _list_status(consent)),
            ("AWS rejects it", printable(consent.rejection, quoted=False) if consent.rejection is not None else None),
            ("AWS's entry", _aws_entry(consent)),
            ("last deletion", _moment(consent.deleted_at)),
        ]
        _print(out, rows)


def show_history(person: NumberHistory, *, show_texts: bool) -> None:
    """Print the current status, then the history, oldest first."""
    out = console()
    lines = Narrative(person, show_texts=show_texts).lines()
    if not lines and not person.consents:
        out.print(f"{person.number}: nothing is known", style="bold")
        return
    for consent in person.consents:
        answer, style = ANSWERS[consent.status]
        began = f", {_SINCE[consent.status]}" if consent.status in _SINCE else " since"
        since = f" on {printable(consent.list_name, quoted=False)}{began} {_since(consent)}"
        out.print(Styled.assemble((f"{person.number}  ", "bold"), (answer, style), since))
    if not person.consents:
        out.print(Styled.assemble((person.number, "bold"), "  never opted out or in"))
    if not lines:
        out.print(Styled("There is no history: it was erased.", style="dim"))
    day = None
    for line in lines:
        if line.at.date() != day:
            day = line.at.date()
            out.print(Styled(f"\n{day.day} {day:%b %Y} (UTC)", style="bold"))
        block = Table.grid(padding=(0, 2, 0, 0))
        block.add_column(style="dim", no_wrap=True)
        block.add_column(overflow="fold")
        block.add_row(f"  {line.at:%H:%M:%S}", line.text)
        out.print(block)
    if not show_texts and any(entry.decision.body is not None for entry in person.entries):
        out.print(
            Styled(
                "\nTexts are hidden, except for the words that matched a rule: --show-texts shows them.", style="dim"
            )
        )


def _print(out: Console, rows: Sequence[tuple[str, str | Styled | None]]) -> None:
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True, min_width=20)
    block.add_column(overflow="fold")
    for place, (name, value) in enumerate(rows):
        if value is not None:
            shown = value if isinstance(value, Styled) else Styled(value)
            block.add_row(Styled(name, style="not dim bold") if place == 0 else name, shown)
    out.print(block)
    out.print()


def _list_status(consent: Consent) -> str:
    if consent.settled:
        return "up to date"
    due = f", next attempt {_moment(consent.due_at)}" if consent.due_at is not None else ""
    if not consent.attempts:
        return f"not updated yet{due}"
    return f"not updated yet, after {consent.attempts} failed attempt{'' if consent.attempts == 1 else 's'}{due}"


def _aws_entry(consent: Consent) -> str | None:
    if consent.listing is None:
        return None
    since = f"on its list since {_moment(consent.listing.at)}, " if consent.listing.at is not None else ""
    return f"{since}EndUserOptedOut={str(consent.listing.end_user_opted_out).lower()}, as set by AWS"


def _since(consent: Consent) -> str | None:
    """Return the first and the newest request of this status, or that none is left after an import was undone."""
    if consent.decided_at == NO_REQUEST and consent.withdrawn_at is not None:
        return f"{_moment(consent.withdrawn_at)} (an import was undone, and no other request is known)"
    if consent.since == consent.decided_at:
        return _moment(consent.decided_at)
    times = f"asked {consent.asked_out_count} times, last " if consent.asked_out_count > 1 else "last asked "
    return f"{_moment(consent.since)} ({times}{_moment(consent.decided_at)})"


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z" if moment is not None else None
