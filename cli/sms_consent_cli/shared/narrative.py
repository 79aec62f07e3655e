"""A person's history in sentences: who asked for what, which rule matched, and what was done.

Texts are hidden unless requested, except for the words that matched. The ledger keeps list entry and confirmation only of
the newest change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sms_consent.domain.consent import Consent, Drift, DriftKind, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.domain.import_record import ImportRecord
from sms_consent.domain.reply import ReplyState, ReplyThread
from sms_consent.domain.withdrawal import is_withdrawal
from sms_consent.queries.evidence import facts_by_decision
from sms_consent.queries.history import Entry
from sms_consent_cli.shared.import_evidence import import_sentence, is_imported, withdrawal_sentence
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["HistoryLine", "Narrative", "NumberHistory"]

IMPORTED = "import"
"""The channel of imported requests without a known number of the company."""
LATE = timedelta(minutes=1)
"""Delays from here on are mentioned."""

_DRIFTS = {
    DriftKind.NOT_LISTED: "reconcile found the number missing from {0}, though opted out in the ledger: to be put back",
    DriftKind.NOT_RECORDED: "reconcile found the number on {0}, unknown to the ledger: recorded",
    DriftKind.STILL_LISTED: "reconcile found the number still on {0}, though opted in in the ledger: to be removed",
}
_CHANGED = {Asked.OPT_OUT: "opted out", Asked.OPT_IN: "opted in"}


@dataclass(frozen=True, slots=True)
class NumberHistory:
    """What the ledger holds for one phone number."""

    number: str
    entries: Sequence[Entry]
    consents: Sequence[Consent]
    letters: Sequence[ReplyThread]
    drifts: Sequence[Drift]
    imports: Mapping[str, ImportRecord] = field(default_factory=dict)  # by id
    facts: Sequence[Fact] = ()  # in the order in which they were recorded


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a history: an event, and its time."""

    at: datetime
    text: str


class Narrative:
    """The events of one person, oldest first."""

    def __init__(self, history: NumberHistory, *, show_texts: bool) -> None:
        self._history = history
        self._show_texts = show_texts
        self._facts = facts_by_decision(history.facts)
        self._answers = {
            answer.decision_id: answer
            for answer in (
                *(letter.answer for letter in history.letters),
                *(consent.answer for consent in history.consents if consent.answer is not None),
            )
        }

    def lines(self) -> list[HistoryLine]:
        """Return the decisions, the drift that reconcile found, and erasures."""
        lines = [HistoryLine(_shown_at(entry), self._of(entry)) for entry in self._history.entries]
        lines += [
            HistoryLine(drift.found_at, _DRIFTS[drift.kind].format(printable(drift.list_name, quoted=False)))
            for drift in self._history.drifts
        ]
        lines += [
            HistoryLine(fact.at, f"the history before this was erased by {printable(fact.actor or '?', quoted=False)}")
            for fact in self._history.facts
            if fact.kind is FactKind.ERASED
        ]
        return sorted(lines, key=lambda line: line.at)

    def _of(self, entry: Entry) -> str:
        if is_withdrawal(entry.decision):
            text = withdrawal_sentence(entry, self._history.imports.get(entry.decision.import_id or ""))
        else:
            text = f"{self._request(entry)}: {self._effect(entry)}"
        further = [*self._list_changes(entry), *self._replies(entry), *_delay(entry)]
        return ", ".join([text, *further])

    def _request(self, entry: Entry) -> str:
        decision = entry.decision
        through = printable(decision.through, quoted=False)
        reference = f", {printable(decision.reference, quoted=False)}" if decision.reference else ""
        if decision.author is Author.END_USER:
            through = "another provider" if decision.import_id is not None and through == IMPORTED else through
            from_log = ""
            if decision.import_id is not None:
                record = self._history.imports.get(decision.import_id)
                from_log = f" ({import_sentence(decision, record, entry.recorded_at)})"
            if self._show_texts and decision.body is not None:
                return f"texted {printable(decision.body)} to {through}{from_log}"
            if self._show_texts:
                return f"texted {through} (the text is no longer kept){from_log}"
            return f"texted {through}{from_log}"
        way, _, channel = through.partition("/")
        by = f" by {printable(decision.actor, quoted=False)}" if decision.actor else ""
        if decision.author is Author.AGENT:
            asked = f"asked by {channel}; " if channel else ""
            return f"{asked}entered{by} ({way}{reference})"
        return import_sentence(decision, self._history.imports.get(decision.import_id or ""), entry.recorded_at)

    def _effect(self, entry: Entry) -> str:
        decision = entry.decision
        why = self._why(decision)
        if decision.asked is Asked.HELP:
            return f"a request for help{why}"
        if decision.asked is Asked.UNCLEAR:
            return f"possibly an opt-out{why}: no change"
        what = _CHANGED[decision.asked]
        match entry.outcome:
            case Outcome.CONFIRMED:
                return f"{what}{why}, as before"
            case Outcome.STALE:
                return f"would have {what}{why}, but a newer request was recorded before this arrived: no effect"
            case None:
                return f"{what}{why}, in progress"
            case _:
                return f"{what}{why}"

    def _why(self, decision: Decision) -> str:
        """Return the rule and the matched words."""
        if decision.rule is None:
            return ""
        words = f" ({printable(decision.matched)})" if decision.matched else ""
        return f" by rule {printable(decision.rule, quoted=False)}{words}"

    def _list_changes(self, entry: Entry) -> Iterator[str]:
        """Yield the list changes that this decision caused, and the list's current state if no fact shows it."""
        changed = set()
        facts = self._facts.get(entry.decision.id, ())
        for fact in facts:
            if (text := self._list_change(fact, entry)) is not None:
                yield text
                changed.add(fact.list_name)
        yield from self._list_state(entry, changed)

    def _list_change(self, fact: Fact, entry: Entry) -> str | None:
        only_list = len({consent.list_name for consent in self._history.consents} | {fact.list_name}) == 1
        the_list = "the list" if only_list else printable(fact.list_name or "?", quoted=False)
        asked_at, is_old = entry.decision.at, is_imported(entry.decision)
        match fact.kind:
            case FactKind.LISTED | FactKind.FOUND_LISTED:
                at = fact.listing.at if fact.listing is not None and fact.listing.at is not None else fact.at
                if is_old:  # the list follows the import, however old the request is
                    return f"on {the_list} since {_date(at)}"
                # A number that was already on the list keeps its earlier time.
                return f"on {the_list} {_span(at - asked_at)} later" if at >= asked_at else f"on {the_list}"
            case FactKind.REMOVED | FactKind.RELEASED:
                if fact.deleted_at is None:
                    return f"not on {the_list}"
                since = f"since {_date(fact.deleted_at)}" if is_old else f"{_span(fact.deleted_at - asked_at)} later"
                return f"off {the_list} {since}"
            case FactKind.REFUSED:
                again = f", tried again on {_date(fact.until)}" if fact.until is not None else ""
                return f"refused by AWS ({printable(fact.reason or '?', quoted=False)}){again}"
            case FactKind.REJECTED:
                return f"rejected by AWS ({printable(fact.reason or '?', quoted=False)})"
            case _:
                return None

    def _list_state(self, entry: Entry, changed: Collection[str | None]) -> Iterator[str]:
        """Yield how far the list reflects this decision, if it is the newest change. ``changed`` lists have facts."""
        for consent in self._history.consents:
            if self._last_change(consent) is not entry or (consent.settled and consent.list_name in changed):
                continue
            the_list = "the list" if len(self._history.consents) == 1 else printable(consent.list_name, quoted=False)
            if consent.status is Status.OPT_IN_PENDING and consent.held_until is not None:
                yield f"to be removed from {the_list} on {_date(consent.held_until)}, 30 days after the last removal"
            elif not consent.settled:
                yield f"{the_list} not updated yet"
            elif consent.status is Status.OPTED_OUT:
                at = consent.listing.at if consent.listing is not None else None
                if is_imported(entry.decision):  # the list follows the import, however old the request is
                    yield f"on {the_list}{f' since {_date(at)}' if at is not None else ''}"
                    continue
                # A number that was already on the list keeps its earlier time.
                later = f" {_span(at - entry.decision.at)} later" if at is not None and at >= entry.decision.at else ""
                yield f"on {the_list}{later}"
            elif consent.deleted_at is not None and consent.deleted_at >= entry.decision.at:
                if is_imported(entry.decision):
                    yield f"off {the_list} since {_date(consent.deleted_at)}"
                    continue
                yield f"off {the_list} {_span(consent.deleted_at - entry.decision.at)} later"

    def _last_change(self, consent: Consent) -> Entry | None:
        """Return the decision that set the consent's current status. Later ones only repeated it."""
        asked = Asked.OPT_OUT if consent.status is Status.OPTED_OUT else Asked.OPT_IN
        made = [
            entry
            for entry in self._history.entries
            if entry.outcome in (Outcome.CHANGED, None)
            and entry.decision.asked is asked
            and entry.decision.at <= consent.decided_at
        ]
        return max(made, key=lambda entry: entry.decision.at, default=None)

    def _replies(self, entry: Entry) -> Iterator[str]:
        facts = [fact for fact in self._facts.get(entry.decision.id, ()) if fact.kind is FactKind.REPLIED]
        for fact in facts:
            if fact.state is not None:
                said = f" {printable(fact.text)}" if self._show_texts and fact.text is not None else ""
                yield _reply(fact.state, fact.reason, entry.decision.asked) + said
        if facts:
            return
        answer = self._answers.get(entry.decision.id)
        if answer is not None:  # only the newest reply of a kind is kept
            yield _reply(answer.state, answer.reason, entry.decision.asked)


def _shown_at(entry: Entry) -> datetime:
    """Return the time by which an entry is sorted. For an undone import, it is when it was undone."""
    withdrawn_at = entry.recorded_at if is_withdrawal(entry.decision) else None
    return withdrawn_at or entry.decision.at


def _reply(state: ReplyState, reason: str | None, asked: Asked) -> str:
    what = {Asked.HELP: "answered", Asked.UNCLEAR: "asked what they want"}.get(asked, "confirmed")
    why = f" ({printable(reason, quoted=False)})" if reason else ""
    return {
        ReplyState.SENT: what,
        ReplyState.DUE: f"not yet {what}",
        ReplyState.CLAIMED: f"being {what}",
        ReplyState.SKIPPED: f"not {what}{why}",
        ReplyState.FAILED: f"not {what}{why}",
        ReplyState.UNKNOWN: f"possibly {what}{why}",
    }[state]


def _delay(entry: Entry) -> Iterator[str]:
    """Yield the delay between a text and its recording, if it was a minute or more. Not for imports."""
    if entry.recorded_at is None or entry.decision.author is not Author.END_USER or is_imported(entry.decision):
        return
    late = entry.recorded_at - entry.decision.at
    if late >= LATE:
        yield f"recorded {_span(late)} later"


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _span(span: timedelta) -> str:
    """Return a duration in its largest unit."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
