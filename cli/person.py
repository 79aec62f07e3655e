"""Decides how a support agent reads what is known of a person: first the answer, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from cli.printable import printable
from sms_consent.consent import Consent, Status
from sms_consent.decision import Author, Decision, Outcome
from sms_consent.history import Entry

__all__ = ["show_consents", "show_history"]

ANSWERS = {
    Status.OPTED_OUT: ("opted out", "bold red"),
    Status.OPTED_IN: ("opted in", "bold green"),
    Status.OPT_IN_PENDING: ("still opted out: an opt-in waits for its time", "bold yellow"),
}
AUTHORS = {
    Author.END_USER: "the person",
    Author.AGENT: "somebody for them",
    Author.IMPORT: "an import",
    Author.AWS: "AWS",
}
OUTCOMES = {
    Outcome.CHANGED: "changed their consent",
    Outcome.CONFIRMED: "confirmed what already was",
    Outcome.STALE: "changed nothing: a newer decision had been recorded before it arrived",
    Outcome.ANSWERED: "was answered; no consent hangs on it",
    None: "is being carried out",
}


def show_consents(number: str, consents: Sequence[Consent]) -> None:
    """One block for each list."""
    console = Console(highlight=False)
    if not consents:
        console.print(f"{number}: nothing is known", style="bold")
        return
    for consent in consents:
        answer, style = ANSWERS[consent.status]
        rows: list[tuple[str, str | Styled | None]] = [
            (number, Styled(answer, style=style)),
            ("opt-out list", consent.list_name),
            ("since", _moment(consent.decided_at)),
            ("EndUserOptedOut", str(consent.end_user_opted_out).lower()),
            ("released", _moment(consent.held_until)),
            ("refusal", consent.refusal),
            ("the list", _list_said(consent)),
            ("AWS says", _aws_said(consent)),
            ("last deletion", _moment(consent.deleted_at)),
        ]
        _print(console, rows)


def show_history(number: str, entries: Sequence[Entry]) -> None:
    """One block for each decision, newest first."""
    console = Console(highlight=False)
    if not entries:
        console.print(f"{number}: nothing is known", style="bold")
        return
    console.print(number, style="bold")
    for entry in entries:
        decision = entry.decision
        rows: list[tuple[str, str | Styled | None]] = [
            (_moment(decision.at) or "", Styled(decision.asked, style="bold")),
            ("by", _author(decision)),
            ("through", printable(decision.through, quoted=False)),
            ("text", printable(decision.body) if decision.body is not None else None),
            ("because of", printable(decision.matched) if decision.matched else None),
            ("rule", _rule(decision)),
            ("reference", printable(decision.reference, quoted=False) if decision.reference else None),
            ("it", OUTCOMES[entry.outcome]),
            ("id", decision.id),
        ]
        _print(console, rows)


def _print(console: Console, rows: Sequence[tuple[str, str | Styled | None]]) -> None:
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True, min_width=20)
    block.add_column(overflow="fold")
    for place, (name, value) in enumerate(rows):
        if value is not None:
            shown = value if isinstance(value, Styled) else Styled(value)
            block.add_row(Styled(name, style="not dim bold") if place == 0 else name, shown)
    console.print(block)
    console.print()


def _list_said(consent: Consent) -> str:
    if consent.settled:
        return "matches"
    due = f", next attempt {_moment(consent.due_at)}" if consent.due_at is not None else ""
    return f"does not match yet, after {consent.attempts} failed attempts{due}"


def _aws_said(consent: Consent) -> str | None:
    if consent.listing is None:
        return None
    since = f"on its list since {_moment(consent.listing.at)}, " if consent.listing.at is not None else ""
    return f"{since}EndUserOptedOut={str(consent.listing.end_user_opted_out).lower()}, which is its own"


def _author(decision: Decision) -> str:
    actor = f" ({printable(decision.actor, quoted=False)})" if decision.actor else ""
    return AUTHORS[decision.author] + actor


def _rule(decision: Decision) -> str | None:
    if decision.rule is None:
        return None
    tier = f", {decision.tier.lower()}" if decision.tier else ""
    return f"{printable(decision.rule, quoted=False)}{tier}, rules of {decision.rules_version}"


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z" if moment is not None else None
