"""Builds a dossier from what the ledger holds about a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.evidence import FactKind
from sms_consent.domain.import_record import ImportRecord
from sms_consent.domain.withdrawal import is_withdrawal
from sms_consent.queries.evidence import DecisionEvidence, PersonEvidence
from sms_consent_cli.commands.prove.chain import verification
from sms_consent_cli.commands.prove.confirmations import confirmations_of, without_reply
from sms_consent_cli.commands.prove.differences import differences_of
from sms_consent_cli.commands.prove.dossier import (
    Classification,
    Confirmation,
    Difference,
    Dossier,
    FactRecord,
    Origin,
    Request,
    TimelineEntry,
    Words,
    WordsState,
)
from sms_consent_cli.commands.prove.facts import fact_records
from sms_consent_cli.commands.prove.import_runs import import_runs
from sms_consent_cli.commands.prove.status import list_status, run_of, summary
from sms_consent_cli.commands.prove.time_text import TimeText, span
from sms_consent_cli.commands.prove.unknowns import unknowns
from sms_consent_cli.commands.prove.wording import (
    outcome_statement,
    request_statement,
    rule_statement,
    source_statement,
)
from sms_consent_cli.shared.rule_sources import source_of

__all__ = ["assembled"]

LATE = timedelta(minutes=1)
"""Longer delays between a request and its recording are mentioned."""


def assembled(person: PersonEvidence, imports: Mapping[str, ImportRecord], origin: Origin, times: TimeText) -> Dossier:
    """Return the dossier about a person. ``imports`` are the import records by id."""
    entries = sorted(person.decisions, key=lambda entry: (_time(entry), entry.decision.asked is Asked.OPT_OUT))
    references = {entry.decision.id: f"R{place}" for place, entry in enumerate(entries, 1)}
    confirmations = confirmations_of(person.consents, person.threads, person.facts)
    requests = tuple(
        _request(entry, references[entry.decision.id], confirmations, texts=origin.texts_shown) for entry in entries
    )
    differences = differences_of(person.drifts, person.consents, person.facts)
    only_list = len(person.consents) == 1
    statuses = [
        list_status(consent, run_of(consent, entries, only_list=only_list), references, differences, times)
        for consent in person.consents
    ]
    facts = fact_records(person, references, times)
    decisions = [entry.decision for entry in entries]
    placed = Counter(entry.sequence for entry in entries)
    places = {
        entry.sequence: references[entry.decision.id]
        for entry in entries
        if entry.sequence is not None and placed[entry.sequence] == 1
    }
    waiting = sum(entry.outcome is None for entry in entries)
    return Dossier(
        number=person.number,
        origin=origin,
        summary=summary(person, statuses),
        timeline=_timeline(requests, facts, differences, times),
        requests=requests,
        facts=facts,
        imports=import_runs(decisions, references, imports),
        differences=differences,
        verification=verification(person.chain, times, places, waiting=waiting),
        unknown=unknowns(person.consents, decisions, requests, person.facts, person.chain),
    )


def _time(entry: DecisionEvidence) -> datetime:
    """Return the time of a request. For the undoing of an import that is when it was recorded; its decision has an earlier
    time."""
    if is_withdrawal(entry.decision):
        return entry.recorded_at or entry.decision.at
    return entry.decision.at


def _request(
    entry: DecisionEvidence, reference: str, confirmations: Mapping[str, Confirmation], *, texts: bool
) -> Request:
    decision = entry.decision
    return Request(
        reference=reference,
        id=decision.id,
        statement=request_statement(decision),
        asked="IMPORT_UNDONE" if is_withdrawal(decision) else decision.asked.value,
        author=decision.author.value,
        requested_at=_time(entry),
        recorded_at=entry.recorded_at,
        through=decision.through,
        actor=decision.actor,
        external_reference=decision.reference,
        opt_out_list=decision.list_name,
        end_user_asked=decision.end_user,
        import_id=decision.import_id,
        words=_words(decision, texts=texts),
        classification=_classification(decision),
        outcome=entry.outcome.value if entry.outcome is not None else None,
        outcome_statement=outcome_statement(decision, entry.outcome),
        confirmation=confirmations.get(decision.id) or without_reply(entry),
    )


def _words(decision: Decision, *, texts: bool) -> Words:
    if decision.author is not Author.END_USER and decision.body is None:
        return Words(state=WordsState.NOT_A_TEXT, statement="The request was not made by text message.", text=None)
    if decision.body is None:
        return Words(
            state=WordsState.NOT_RECORDED,
            statement="The exact words are no longer kept, or were not recorded.",
            text=None,
        )
    what = "The exact words" if decision.author is Author.END_USER else "The reason that the file gives"
    if not texts:
        return Words(
            state=WordsState.WITHHELD, statement=f"{what}: recorded, but withheld from this dossier.", text=None
        )
    source = "as the imported file has them" if decision.import_id is not None else "as recorded"
    return Words(state=WordsState.SHOWN, statement=f"{what}, {source}:", text=decision.body)


def _classification(decision: Decision) -> Classification | None:
    if decision.rule is None:
        return None
    return Classification(
        statement=rule_statement(decision),
        rule=decision.rule,
        tier=decision.tier,
        matched=decision.matched,
        language=decision.language,
        source=source_of(decision.rule) or None,
        rules_version=decision.rules_version,
    )


def _timeline(
    requests: Sequence[Request], facts: Sequence[FactRecord], differences: Sequence[Difference], times: TimeText
) -> tuple[TimelineEntry, ...]:
    """Return requests, facts and differences in order of time."""
    replied = {each.request for each in facts if each.kind == FactKind.REPLIED}
    found = [entry for each in requests for entry in _of_request(each, times, sent=each.reference not in replied)]
    found += [TimelineEntry(at=each.at, reference=each.reference, statement=each.statement) for each in facts]
    found += [
        TimelineEntry(at=each.found_at, reference=each.reference, statement=each.statement) for each in differences
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def _of_request(request: Request, times: TimeText, *, sent: bool) -> Iterator[TimelineEntry]:
    """Yield the timeline entries of a request: the request, its recording if it was imported, and its reply if ``sent``."""
    at, recorded_at, reference = request.requested_at, request.recorded_at, request.reference
    whole = f"{request.statement} {request.outcome_statement}"
    is_imported = request.author == Author.IMPORT or request.import_id is not None
    if is_imported and request.asked != "IMPORT_UNDONE" and recorded_at is not None:
        yield TimelineEntry(
            at=at, reference=reference, statement=f"{source_statement(request.through)} Recorded here later."
        )
        yield TimelineEntry(
            at=recorded_at, reference=reference, statement=f"{whole} It counts from {times.moment(at)}."
        )
    else:
        late = recorded_at - at if recorded_at is not None else timedelta()
        after = f" It was recorded {span(late)} later." if late >= LATE else ""
        # An opt-out by the command line counts from the latest time that it can have had, to the second.
        yield TimelineEntry(at=min(at, recorded_at or at), reference=reference, statement=whole + after)
    reply = request.confirmation
    if sent and reply.accepted_at is not None:
        yield TimelineEntry(at=reply.accepted_at, reference=reference, statement=reply.statement)
