"""The first page of a dossier: whether the person may be texted, since when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.withdrawal import NO_REQUEST, is_withdrawal, withdrawn_imports
from sms_consent.queries.evidence import DecisionEvidence, PersonEvidence
from sms_consent_cli.commands.prove.dossier import Answer, AwsEntry, Difference, ListStatus, Summary
from sms_consent_cli.commands.prove.time_text import TimeText
from sms_consent_cli.commands.prove.wording import external, request_statement

__all__ = ["StatusRun", "list_status", "run_of", "summary"]

_HEADINGS = {
    Answer.OPTED_OUT: "No. This person is opted out.",
    Answer.OPTED_IN: "Yes, as far as this ledger knows. The newest request is an opt-in.",
    Answer.OPT_IN_PENDING: "Not yet. The person asked for texts again, but AWS still blocks them.",
    Answer.DIFFERS_BY_LIST: "It depends on the sender. The status differs between opt-out lists.",
    Answer.NO_OPT_OUT_RECORDED: "No opt-out or opt-in is recorded.",
}
_NO_REQUEST_LEFT = "Not known from this ledger. No request is left, since an import was undone."
_NO_STATUS = "This ledger has requests of this person, but none that opts them out or in."
_NOTHING_LEFT = "This ledger has neither a status nor requests of this person; what it had was erased or has expired."
_MARKETING = "Whether the person agreed to receive texts in the first place is not recorded here."


@dataclass(frozen=True, slots=True)
class StatusRun:
    """The requests from the one that began the present status to the newest, oldest first. Empty if they are not recorded."""

    entries: tuple[DecisionEvidence, ...]

    @property
    def since(self) -> datetime | None:
        """The time of the first of these requests."""
        return self.entries[0].decision.at if self.entries else None


def run_of(consent: Consent, entries: Sequence[DecisionEvidence], *, only_list: bool) -> StatusRun:
    """Return the requests that led to the present status, ordered by time; at equal times opt-outs last.

    Args:
        consent: The consent for one list.
        entries: Every recorded request, in any order.
        only_list: Whether the person has consents on this list only; requests without a list then belong to it.
    """
    withdrawn = withdrawn_imports((entry.decision for entry in entries), consent.list_name)
    wanted = Asked.OPT_OUT if consent.status is Status.OPTED_OUT else Asked.OPT_IN
    about = [
        entry
        for entry in entries
        if entry.decision.asked in (Asked.OPT_OUT, Asked.OPT_IN)
        and entry.decision.at <= consent.decided_at
        and not is_withdrawal(entry.decision)
        and entry.decision.import_id not in withdrawn
        and (
            only_list
            or entry.decision.list_name in (None, consent.list_name)
            or entry.decision.id == consent.decided_by
        )
    ]
    about.sort(key=lambda entry: (entry.decision.at, entry.decision.asked is Asked.OPT_OUT))
    run: list[DecisionEvidence] = []
    for entry in reversed(about):
        if entry.decision.asked is not wanted:
            break
        run.append(entry)
    return StatusRun(tuple(reversed(run)))


def list_status(
    consent: Consent,
    run: StatusRun,
    references: Mapping[str, str],
    differences: Sequence[Difference],
    times: TimeText,
) -> ListStatus:
    """Return the status on one list.

    Args:
        consent: The consent for the list.
        run: The requests that its status results from.
        references: The dossier's number of each request, by its id.
        differences: The differences between list and ledger that were found for the person.
        times: How times are written.
    """
    listing = consent.listing
    return ListStatus(
        opt_out_list=consent.list_name,
        status=consent.status.value,
        statement=" ".join([*_sentences(consent, run, references, times), *_differed(consent, differences)]),
        since=_first(consent, run),
        latest_request_at=consent.decided_at if consent.decided_at != NO_REQUEST else None,
        requests=max(len(run.entries), _counted(consent)) or None,
        end_user_asked=consent.end_user_opted_out,
        list_matches=consent.settled,
        aws_entry=AwsEntry(entered_at=listing.at, end_user_opted_out=listing.end_user_opted_out) if listing else None,
        thirty_days_from=consent.deleted_at,
        held_until=consent.held_until,
        aws_refusal=consent.refusal,
    )


def _first(consent: Consent, run: StatusRun) -> datetime | None:
    """Return the time of the first request for the present status, even if it was erased; None if it is not recorded."""
    known = [consent.since if _counted(consent) else None, run.since]
    return min((moment for moment in known if moment is not None), default=None)


def _counted(consent: Consent) -> int:
    """Return the number of opt-outs since the newest opt-in; 0 if an earlier release did not count them."""
    is_counted = consent.status is Status.OPTED_OUT and consent.since == consent.first_asked_out_at
    return consent.asked_out_count if is_counted else 0


def summary(person: PersonEvidence, statuses: Sequence[ListStatus]) -> Summary:
    """Return whether the person may be texted, over all lists together."""
    consents = person.consents
    found = {consent.status for consent in consents}
    if not found:
        answer = Answer.NO_OPT_OUT_RECORDED
        statement = f"{_NO_STATUS if person.decisions else _NOTHING_LEFT} {_MARKETING}"
    elif len(found) > 1:
        answer = Answer.DIFFERS_BY_LIST
        statement = " ".join(f"Opt-out list {external(each.opt_out_list)}: {each.statement}" for each in statuses)
    else:
        answer = Answer(found.pop().value)
        several = len(statuses) > 1
        statement = " ".join(
            f"Opt-out list {external(each.opt_out_list)}: {each.statement}" if several else each.statement
            for each in statuses
        )
    is_open = bool(consents) and all(consent.decided_at == NO_REQUEST for consent in consents)
    return Summary(
        answer=answer,
        heading=_NO_REQUEST_LEFT if is_open else _HEADINGS[answer],
        statement=statement,
        lists=tuple(statuses),
    )


def _sentences(consent: Consent, run: StatusRun, references: Mapping[str, str], times: TimeText) -> list[str]:
    said = [_since(consent, run, times)]
    if run.entries:
        first, newest = run.entries[0], run.entries[-1]
        if first.decision.author is Author.IMPORT or first.decision.import_id is not None:
            said.append(_recorded(first, times))
        said.append(f"The reason ({references[first.decision.id]}): {request_statement(first.decision)}")
        if newest is not first:
            count = len(run.entries)
            said.append(
                f"The request was repeated: {count} are recorded, the newest of {times.moment(newest.decision.at)} "
                f"({references[newest.decision.id]})."
            )
    elif consent.withdrawn_at is not None:
        said.append(
            f"An import was undone on {times.moment(consent.withdrawn_at)}, and no other request for this status is recorded."
        )
    else:
        said.append("The requests behind this status are not recorded, or were erased; so why is not known.")
    return said + _list_sentences(consent, times)


def _since(consent: Consent, run: StatusRun, times: TimeText) -> str:
    name = external(consent.list_name)
    if run.since is None and consent.decided_at == NO_REQUEST:
        return f"No request is left for senders that use the opt-out list {name}, so this person is not opted out. {_MARKETING}"
    first = _first(consent, run)
    since = f"since {times.moment(first)}" if first is not None else (
        f"by a request of {times.moment(consent.decided_at)}; when the status began is not recorded"
    )  # fmt: skip
    match consent.status:
        case Status.OPTED_OUT:
            return f"This person is opted out of texts by senders that use the opt-out list {name}, {since}."
        case Status.OPTED_IN:
            return f"This person is opted in for senders that use the opt-out list {name}, {since}. {_MARKETING}"
        case Status.OPT_IN_PENDING:
            asked = f"on {times.moment(first)}" if first is not None else since
            return f"The person asked again for texts by senders that use the opt-out list {name}, {asked}."


def _recorded(first: DecisionEvidence, times: TimeText) -> str:
    """Return a sentence that says which time an imported request has, and when it was recorded."""
    stated = "That time is the one that the source of an import states"
    if first.recorded_at is not None:
        return f"{stated}; it was recorded here on {times.moment(first.recorded_at)}."
    if first.outcome is None:
        return f"{stated}; the time at which it was recorded here will be shown once the opt-out list has been updated."
    return f"{stated}; when it was recorded here is not known."


def _differed(consent: Consent, differences: Sequence[Difference]) -> list[str]:
    found = [each.reference for each in differences if each.opt_out_list == consent.list_name]
    return [f"The list and the ledger were found to differ for this number ({', '.join(found)})."] if found else []


def _list_sentences(consent: Consent, times: TimeText) -> list[str]:
    said = []
    if consent.status is Status.OPT_IN_PENDING:
        said.append(
            "AWS removes a number from an opt-out list only once in 30 days"
            + (f", which count from {times.moment(consent.deleted_at)}" if consent.deleted_at else "")
            + (
                f". The number can be removed from {times.moment(consent.held_until)} on."
                if consent.held_until
                else "."
            )
            + " Until then it is on the list, and AWS refuses texts to it."
        )
        return said
    if consent.settled:
        shows = "is" if consent.status is Status.OPTED_OUT else "is not"
        said.append(f"The number {shows} on the list, as far as the ledger knows.")
    elif consent.status is Status.OPTED_OUT:
        said.append(
            "The list does not show this yet, as far as the ledger knows: until it does, AWS does not block texts itself."
        )
    else:
        said.append("The list does not show this yet, as far as the ledger knows: until it does, AWS refuses texts.")
    listing = consent.listing
    if consent.status is Status.OPTED_OUT and listing is not None and listing.at is not None:
        said.append(f"AWS's entry for the number is of {times.moment(listing.at)}.")
    return said
