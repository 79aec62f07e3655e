"""Decides how a person's history reads as a story: who asked for what, why it was understood so, and what came of it.

What a text said stays hidden but for the words that decided, unless somebody asks for it: that is what an agent needs in
order to answer why. When the list followed and whether it was confirmed, the ledger keeps for the newest change alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_consent.domain.consent import Consent, DriftKind, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.drift import Drift
from sms_consent.domain.reply import Reply, ReplyState, ReplyThread
from sms_consent.queries.history import Entry
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["Line", "Narrative", "Person"]

LATE = timedelta(minutes=1)
"""A text that was heard so much later was kept waiting, which is worth a word."""

_DRIFTS = {
    DriftKind.NOT_LISTED: "reconcile found them missing from {0}, though opted out here: put back",
    DriftKind.NOT_RECORDED: "reconcile found them on {0}, of which nothing was known here: recorded",
    DriftKind.STILL_LISTED: "reconcile found them on {0} still, though opted in here: to be taken off",
}
_CHANGED = {Asked.OPT_OUT: "opted out", Asked.OPT_IN: "opted in"}


@dataclass(frozen=True, slots=True)
class Person:
    """What stands under one number."""

    number: str
    entries: Sequence[Entry]
    consents: Sequence[Consent]
    letters: Sequence[ReplyThread]
    drifts: Sequence[Drift]


@dataclass(frozen=True, slots=True)
class Line:
    """One event."""

    at: datetime
    told: str


class Narrative:
    """One person's, oldest first."""

    def __init__(self, person: Person, *, show_texts: bool) -> None:
        self._person = person
        self._show_texts = show_texts
        self._answers = {
            answer.decision_id: answer
            for answer in (
                *(letter.answer for letter in person.letters),
                *(consent.answer for consent in person.consents if consent.answer is not None),
            )
        }

    def lines(self) -> list[Line]:
        """Decisions, and what reconcile found."""
        lines = [Line(entry.decision.at, self._of(entry)) for entry in self._person.entries]
        lines += [
            Line(drift.found_at, _DRIFTS[drift.kind].format(printable(drift.list_name, quoted=False)))
            for drift in self._person.drifts
        ]
        return sorted(lines, key=lambda line: line.at)

    def _of(self, entry: Entry) -> str:
        decision = entry.decision
        told = f"{self._asked(decision)}: {self._became(entry)}"
        further = [*self._followed(entry), *self._answered(entry), *_heard_late(entry)]
        return ", ".join([told, *further])

    def _asked(self, decision: Decision) -> str:
        through = printable(decision.through, quoted=False)
        reference = f", {printable(decision.reference, quoted=False)}" if decision.reference else ""
        if decision.author is Author.END_USER:
            if self._show_texts and decision.body is not None:
                return f"texted {printable(decision.body)} to {through}"
            if self._show_texts:
                return f"texted {through} (the text is no longer kept)"
            return f"texted {through}"
        way, _, channel = through.partition("/")
        by = f" by {printable(decision.actor, quoted=False)}" if decision.actor else ""
        if decision.author is Author.AGENT:
            asked = f"asked by {channel}; " if channel else ""
            return f"{asked}entered{by} ({way}{reference})"
        who = {True: "; there, they had asked themselves", False: "; there, somebody else had put them on"}
        said = who[decision.end_user] if decision.end_user is not None else ""
        return f"imported{by} from {through}{reference}{said}"

    def _became(self, entry: Entry) -> str:
        decision = entry.decision
        why = self._why(decision)
        if decision.asked is Asked.HELP:
            return f"a request for help{why}"
        if decision.asked is Asked.UNCLEAR:
            return f"perhaps an opt-out{why}, which changed nothing"
        what = _CHANGED[decision.asked]
        match entry.outcome:
            case Outcome.CONFIRMED:
                return f"{what}{why}, as they were already"
            case Outcome.STALE:
                return f"would have {what}{why}, but a newer request had been recorded before this arrived"
            case None:
                return f"{what}{why}, and being carried out"
            case _:
                return f"{what}{why}"

    def _why(self, decision: Decision) -> str:
        """The rule, and the words that decided."""
        if decision.rule is None:
            return ""
        words = f" ({printable(decision.matched)})" if decision.matched else ""
        return f" by rule {printable(decision.rule, quoted=False)}{words}"

    def _followed(self, entry: Entry) -> Iterator[str]:
        """How far the list has followed the change that this decision made, as long as it stands."""
        for consent in self._person.consents:
            if self._last_change(consent) is not entry:
                continue
            the_list = "the list" if len(self._person.consents) == 1 else printable(consent.list_name, quoted=False)
            if consent.status is Status.OPT_IN_PENDING and consent.held_until is not None:
                yield f"to be taken off {the_list} on {_date(consent.held_until)}, 30 days after the last time"
            elif not consent.settled:
                yield f"not followed by {the_list} yet"
            elif consent.status is Status.OPTED_OUT:
                at = consent.listing.at if consent.listing is not None else None
                # A number that was on the list before has the time of then.
                later = f" {_span(at - entry.decision.at)} later" if at is not None and at >= entry.decision.at else ""
                yield f"on {the_list}{later}"
            elif consent.deleted_at is not None and consent.deleted_at >= entry.decision.at:
                yield f"off {the_list} {_span(consent.deleted_at - entry.decision.at)} later"

    def _last_change(self, consent: Consent) -> Entry | None:
        """The newest decision that can have made the consent what it is: later ones only said the same again."""
        asked = Asked.OPT_OUT if consent.status is Status.OPTED_OUT else Asked.OPT_IN
        made = [
            entry
            for entry in self._person.entries
            if entry.outcome in (Outcome.CHANGED, None)
            and entry.decision.asked is asked
            and entry.decision.at <= consent.decided_at
        ]
        return max(made, key=lambda entry: entry.decision.at, default=None)

    def _answered(self, entry: Entry) -> Iterator[str]:
        answer = self._answers.get(entry.decision.id)
        if answer is not None:  # only the newest reply of a kind is kept
            yield _answer(answer, entry.decision.asked)


def _answer(answer: Reply, asked: Asked) -> str:
    what = {Asked.HELP: "answered", Asked.UNCLEAR: "asked back"}.get(asked, "confirmed")
    reason = f" ({printable(answer.reason, quoted=False)})" if answer.reason else ""
    return {
        ReplyState.SENT: what,
        ReplyState.DUE: f"to be {what} yet",
        ReplyState.CLAIMED: f"being {what}",
        ReplyState.SKIPPED: f"not {what}{reason}",
        ReplyState.FAILED: f"not {what}{reason}",
        ReplyState.UNKNOWN: f"perhaps {what}{reason}",
    }[answer.state]


def _heard_late(entry: Entry) -> Iterator[str]:
    """An import is about the past; a text that was long on its way is told."""
    if entry.recorded_at is None or entry.decision.author is not Author.END_USER:
        return
    late = entry.recorded_at - entry.decision.at
    if late >= LATE:
        yield f"recorded {_span(late)} later"


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _span(span: timedelta) -> str:
    """As a person says it."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
