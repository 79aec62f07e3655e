"""Builds a dossier from what the ledger holds about a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sms_consent.domain.consent import Consent, Drift, DriftKind
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.import_record import UNKNOWN_IDENTITY, ImportRecord
from sms_consent.domain.reply import RecentReply, Reply, ReplyState, ReplyThread
from sms_consent.queries.history import Entry
from sms_consent_cli.commands.prove.dossier import (
    AwsEntry,
    Classification,
    Confirmation,
    Difference,
    Dossier,
    Fact,
    ImportRun,
    Origin,
    Request,
    TimelineEntry,
    Verification,
    VerificationResult,
    Words,
    WordsState,
)
from sms_consent_cli.commands.prove.status import list_status, run_of, summary
from sms_consent_cli.commands.prove.time_text import TimeText, span
from sms_consent_cli.commands.prove.unknowns import unknowns
from sms_consent_cli.commands.prove.wording import (
    DIFFERENCES,
    confirmation_statement,
    import_statement,
    outcome_statement,
    request_statement,
    rule_statement,
    source_statement,
)
from sms_consent_cli.shared.rule_sources import source_of

__all__ = ["Evidence", "assembled"]

FILE = "import"
"""The channel of requests that were imported from a file."""
LATE = timedelta(minutes=1)
"""Delays between a request and its recording are mentioned from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the ledger holds about one number, in any order."""

    number: str
    entries: Sequence[Entry]
    consents: Sequence[Consent]
    threads: Sequence[ReplyThread]
    drifts: Sequence[Drift]
    imports: Mapping[str, ImportRecord]  # by id

    @property
    def is_empty(self) -> bool:
        """Whether nothing is recorded about the number."""
        return not (self.entries or self.consents or self.threads or self.drifts)


@dataclass(frozen=True, slots=True)
class _KnownReply:
    """A reply that is still recorded, and what is known about its sending."""

    reply: Reply
    sent: RecentReply | None


def assembled(evidence: Evidence, origin: Origin, times: TimeText) -> Dossier:
    """Return the dossier."""
    entries = sorted(evidence.entries, key=lambda entry: (entry.decision.at, entry.decision.asked is Asked.OPT_OUT))
    references = {entry.decision.id: f"R{place}" for place, entry in enumerate(entries, 1)}
    replies = _replies(evidence)
    requests = tuple(
        _request(entry, references[entry.decision.id], replies, texts=origin.texts_shown) for entry in entries
    )
    only_list = len(evidence.consents) == 1
    statuses = [
        list_status(consent, run_of(consent, entries, only_list=only_list), references, times)
        for consent in evidence.consents
    ]
    differences = _differences(evidence)
    decisions = [entry.decision for entry in entries]
    return Dossier(
        number=evidence.number,
        origin=origin,
        summary=summary(evidence.consents, statuses),
        timeline=_timeline(requests, (), differences, times),
        requests=requests,
        facts=(),
        imports=_imports(decisions, references, evidence.imports),
        differences=differences,
        verification=Verification(
            result=VerificationResult.NOT_CHECKED,
            statement="Whether entries were changed, removed or inserted by hand was not checked.",
            entries=None,
            unchained=None,
            chain_started_at=None,
            findings=(),
        ),
        unknown=unknowns(evidence.consents, decisions, requests),
    )


def _request(entry: Entry, reference: str, replies: Mapping[str, _KnownReply], *, texts: bool) -> Request:
    decision = entry.decision
    return Request(
        reference=reference,
        id=decision.id,
        statement=request_statement(decision),
        asked=decision.asked.value,
        author=decision.author.value,
        requested_at=decision.at,
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
        outcome_statement=outcome_statement(entry.outcome),
        confirmation=_confirmation(entry, replies),
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
    return Words(state=WordsState.SHOWN, statement=f"{what}, as recorded:", text=decision.body)


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


# --- confirmations


def _replies(evidence: Evidence) -> dict[str, _KnownReply]:
    """Return the replies that the ledger still has, by the id of their request."""
    found = {}
    for consent in evidence.consents:
        if consent.answer is not None:
            found[consent.answer.decision_id] = _KnownReply(
                consent.answer, _sending(consent.answer, consent.recent_replies)
            )
    for thread in evidence.threads:
        for reply in thread.waiting:
            found[reply.decision_id] = _KnownReply(reply, None)
        found[thread.answer.decision_id] = _KnownReply(thread.answer, _sending(thread.answer, thread.recent_replies))
    return found


def _sending(reply: Reply, recent: Iterable[RecentReply]) -> RecentReply | None:
    """Return the newest sent reply of the same kind, which is this one if it was sent."""
    if reply.state is not ReplyState.SENT:
        return None
    same = [each for each in recent if each.kind is reply.kind]
    return same[-1] if same else None


def _confirmation(entry: Entry, replies: Mapping[str, _KnownReply]) -> Confirmation:
    known = replies.get(entry.decision.id)
    if known is None:
        state, statement = _no_confirmation(entry)
        return Confirmation(
            state=state, statement=statement, accepted_at=None, message_id=None, text=None, text_digest=None, sender=None,
            language=None, reason=None,
        )  # fmt: skip
    reply, sent = known.reply, known.sent
    return Confirmation(
        state=reply.state.value,
        statement=confirmation_statement(reply),
        accepted_at=sent.at if sent is not None else None,
        message_id=reply.message_id,
        text=None,
        text_digest=sent.digest if sent is not None else None,
        sender=reply.sender,
        language=reply.language,
        reason=reply.reason,
    )


def _no_confirmation(entry: Entry) -> tuple[str, str]:
    decision = entry.decision
    if decision.author is not Author.END_USER and decision.end_user is not True:
        return "NONE", "A request that was not made by text gets no confirmation by text."
    if decision.author is not Author.END_USER:
        return "NONE", "An imported request gets no confirmation by text."
    if entry.outcome is Outcome.STALE:
        return "NONE", "A request without effect gets no confirmation."
    if entry.outcome is Outcome.CONFIRMED:
        return "NONE", "A repeated request gets no further confirmation."
    return "NOT_RECORDED", "What was sent in reply is not recorded."


# --- imports, differences, timeline


def _imports(
    decisions: Sequence[Decision], references: Mapping[str, str], records: Mapping[str, ImportRecord]
) -> tuple[ImportRun, ...]:
    """Return each import that requests refer to, and a file for each name that imports without a record gave."""
    runs: dict[tuple[str | None, str], list[Decision]] = {}
    for decision in decisions:
        if decision.import_id is not None or (decision.author is Author.IMPORT and decision.through == FILE):
            name = _place(decision)[0] if decision.import_id is None else ""
            runs.setdefault((decision.import_id, name), []).append(decision)
    return tuple(
        _import_run(f"I{place}", import_id, records.get(import_id or ""), made, references)
        for place, ((import_id, _), made) in enumerate(runs.items(), 1)
    )


def _import_run(
    reference: str,
    import_id: str | None,
    record: ImportRecord | None,
    made: Sequence[Decision],
    references: Mapping[str, str],
) -> ImportRun:
    identity = record.identity if record is not None and record.identity != UNKNOWN_IDENTITY else None
    name = record.file_name if record is not None else _place(made[0])[0] or None
    return ImportRun(
        reference=reference,
        id=import_id,
        statement=import_statement(name, identity, is_recorded=record is not None),
        status=record.status.value if record is not None else None,
        begun_at=record.begun_at if record is not None else None,
        finished_at=record.finished_at if record is not None else None,
        caller=identity,
        stated_source=made[0].actor,
        file_name=name,
        sha256=record.sha256 if record is not None else None,
        options=dict(sorted(record.options.items())) if record is not None else None,
        columns=dict(sorted(record.columns.items())) if record is not None else None,
        counts=dict(record.counts) if record is not None else None,
        undone_at=record.undone_at if record is not None else None,
        undone_by=record.undone_by if record is not None else None,
        requests=tuple(references[each.id] for each in made),
        lines=tuple(_place(each)[1] for each in made),
    )


def _place(decision: Decision) -> tuple[str, str | None]:
    """Return file name and line of an imported request."""
    name, _, line = (decision.reference or "").rpartition(":")
    return (name, line) if line.isdecimal() else (decision.reference or "", None)


def _differences(evidence: Evidence) -> tuple[Difference, ...]:
    consents = {consent.list_name: consent for consent in evidence.consents}
    return tuple(
        _difference(drift, f"D{place}", consents.get(drift.list_name))
        for place, drift in enumerate(sorted(evidence.drifts, key=lambda drift: drift.found_at), 1)
    )


def _difference(drift: Drift, reference: str, consent: Consent | None) -> Difference:
    repaired_at, repair = None, "When this was repaired is not recorded."
    if drift.kind is DriftKind.NOT_RECORDED:
        repaired_at, repair = drift.found_at, "The ledger was corrected when this was found."
    elif consent is not None and drift.kind is DriftKind.NOT_LISTED:
        listed_at = consent.listing.at if consent.listing is not None else None
        if listed_at is not None and listed_at >= drift.found_at:
            repaired_at, repair = (
                listed_at,
                "After that AWS accepted the number on the list: AWS's entry has this time.",
            )
    elif consent is not None and consent.deleted_at is not None and consent.deleted_at >= drift.found_at:
        repaired_at, repair = consent.deleted_at, "After that AWS removed the number from the list."
    return Difference(
        reference=reference,
        found_at=drift.found_at,
        opt_out_list=drift.list_name,
        kind=drift.kind.value,
        statement=DIFFERENCES[drift.kind],
        aws_entry=AwsEntry(entered_at=drift.listing.at, end_user_opted_out=drift.listing.end_user_opted_out)
        if drift.listing is not None
        else None,
        repaired_at=repaired_at,
        repair_statement=repair,
    )


def _timeline(
    requests: Sequence[Request], facts: Sequence[Fact], differences: Sequence[Difference], times: TimeText
) -> tuple[TimelineEntry, ...]:
    """Return requests, facts and differences in order of time."""
    found = [entry for request in requests for entry in _of_request(request, times)]
    found += [TimelineEntry(at=each.at, reference=each.reference, statement=each.statement) for each in facts]
    found += [
        TimelineEntry(at=each.found_at, reference=each.reference, statement=each.statement) for each in differences
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def _of_request(request: Request, times: TimeText) -> Iterator[TimelineEntry]:
    """Yield a request, and apart from it the recording of one that was imported, and the sending of its confirmation."""
    at, recorded_at, reference = request.requested_at, request.recorded_at, request.reference
    whole = f"{request.statement} {request.outcome_statement}"
    if request.author == Author.IMPORT and recorded_at is not None:
        yield TimelineEntry(
            at=at, reference=reference, statement=f"{source_statement(request.through)} Recorded here later."
        )
        yield TimelineEntry(
            at=recorded_at, reference=reference, statement=f"{whole} It counts from {times.moment(at)}."
        )
    else:
        late = recorded_at - at if recorded_at is not None else timedelta()
        after = f" It was recorded {span(late)} later." if late >= LATE else ""
        yield TimelineEntry(at=at, reference=reference, statement=whole + after)
    sent = request.confirmation
    if sent.accepted_at is not None:
        yield TimelineEntry(at=sent.accepted_at, reference=reference, statement=sent.statement)
