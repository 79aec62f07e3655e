"""What was done because of each request: list calls with AWS's answers, replies, and the 30-day rule."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta

from sms_consent.domain.consent import UNKNOWN_TIME, DriftKind
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.queries.evidence import DecisionEvidence, PersonEvidence
from sms_consent_cli.commands.prove.dossier import FactRecord
from sms_consent_cli.commands.prove.time_text import TimeText, span
from sms_consent_cli.commands.prove.wording import DIFFERENCES, external, reply_statement
from sms_consent_cli.shared.import_evidence import is_imported

__all__ = ["REPAIRS", "fact_records", "replies_by_request"]

SHORT = timedelta(seconds=0.1)
"""Shorter delays are not stated exactly."""
REPAIRS = {
    DriftKind.NOT_LISTED: frozenset({FactKind.LISTED}),
    DriftKind.STILL_LISTED: frozenset({FactKind.REMOVED, FactKind.RELEASED}),
}
"""The facts that show that a difference between list and ledger is over."""


def fact_records(person: PersonEvidence, references: Mapping[str, str], times: TimeText) -> tuple[FactRecord, ...]:
    """Return the facts in the order of their recording; of several at one time, replies first.

    Differences between list and ledger are left out if ``differences_of`` reports them. ``references`` are the dossier's
    numbers of requests (R1, R2 …) by request id.
    """
    reported = {(drift.list_name, drift.kind) for drift in person.drifts}
    told = [fact for fact in person.facts if not _is_reported(fact, reported)]
    told.sort(key=lambda fact: (fact.at, fact.kind is not FactKind.REPLIED))
    found = {drift.found_at for drift in person.drifts}
    by_id = {each.decision.id: each for each in person.decisions}
    return tuple(
        FactRecord(
            reference=f"F{place}",
            at=fact.at,
            kind=fact.kind.value,
            statement=_statement(fact, _delay(fact, by_id.get(fact.decision_id or ""), found), times),
            opt_out_list=fact.list_name,
            request=references.get(fact.decision_id or ""),
            aws_answer=_answer(fact, times),
        )
        for place, fact in enumerate(told, 1)
    )


def _is_reported(fact: Fact, reported: Container[tuple[str, DriftKind]]) -> bool:
    if fact.kind is not FactKind.DRIFT or fact.list_name is None or fact.drift is None:
        return False
    return (fact.list_name, fact.drift) in reported


def replies_by_request(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Return the newest fact about a reply to each request, by the request's id."""
    return {fact.decision_id: fact for fact in facts if fact.kind is FactKind.REPLIED and fact.decision_id is not None}


def _statement(fact: Fact, delay: str, times: TimeText) -> str:
    if fact.kind is FactKind.REPLIED and fact.reply is not None and fact.state is not None:
        return reply_statement(fact.reply, fact.state, fact.reason)
    if fact.kind is FactKind.DRIFT and fact.drift is not None:
        return DIFFERENCES[fact.drift]
    if fact.kind is FactKind.ERASED:
        count = f"{fact.entries} entries" if fact.entries is not None else "its entries"
        by = f" by {external(fact.actor)}" if fact.actor else ""
        return f"The history before this was erased{by}: {count}."
    return _of_the_list(fact, delay, times)


def _of_the_list(fact: Fact, delay: str, times: TimeText) -> str:
    name = f"the opt-out list {external(fact.list_name)}" if fact.list_name else "an opt-out list"
    until = times.moment(fact.until) if fact.until is not None else "a time that is not recorded"
    match fact.kind:
        case FactKind.LISTED:
            return f"AWS accepted the number on {name}{delay}."
        case FactKind.FOUND_LISTED:
            return f"Before a deferred opt-in, a look-up at AWS found the number on {name}."
        case FactKind.REMOVED:
            return f"{_removal(fact, name)}{delay}."
        case FactKind.RELEASED:
            return f"The deferred opt-in was carried out. {_removal(fact, name)}."
        case FactKind.DEFERRED:
            return (
                f"The opt-in was deferred until {until}: AWS removes a number from an opt-out list only once in 30 days. "
                f"The number stays on {name} until then."
            )
        case FactKind.REFUSED:
            return f"AWS refused to remove the number from {name}. It is tried again at {until}."
        case FactKind.REJECTED:
            return f"AWS rejected the call for {name}."
        case _:
            return "Something was recorded that this version of the tool does not know."


def _removal(fact: Fact, name: str) -> str:
    if fact.deleted_at is None:
        return f"The number is off {name}; no removal by this system is recorded with this"
    return f"AWS removed the number from {name}"


def _delay(fact: Fact, because_of: DecisionEvidence | None, found: Container[datetime]) -> str:
    """Return, in words, the time from the request, or from the finding of a difference, to this fact.

    For an imported request it is the time from its recording, since the request itself was made in another system.
    """
    since, start = fact.since, "the list first had to change"
    if since is None or since == UNKNOWN_TIME:
        return ""
    if since in found:
        start = "the finding of a difference"
    elif because_of is not None and is_imported(because_of.decision):
        since, start = because_of.recorded_at, "the recording of the import"
    elif because_of is not None and since == because_of.decision.at:
        start = "the request"
    if since is None or fact.at < since:
        return ""
    delay = fact.at - since
    return f", within 0.1 seconds of {start}" if delay < SHORT else f", {span(delay)} after {start}"


def _answer(fact: Fact, times: TimeText) -> str | None:
    """Return what AWS answered, as far as it is recorded: a message id, the entry on the list, or the reason of a refusal."""
    if fact.kind is FactKind.REPLIED:
        return f"MessageId {fact.message_id}" if fact.message_id is not None else None
    listing = fact.listing
    if listing is None:
        return fact.reason
    at = f"entry of {times.moment(listing.at)}" if listing.at is not None else "entry without a time"
    mark = "not given" if listing.end_user_opted_out is None else str(listing.end_user_opted_out).lower()
    return f"{at}, EndUserOptedOut={mark}"
