"""The records of the ledger's table (``pk``, ``sk``): consents, decisions, reply threads, rejected work, senders, drifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sms_consent.adapters.dynamodb.chain import IN_CHAIN, outside_writes
from sms_consent.adapters.dynamodb.codec import (
    Attributes,
    after,
    boolean,
    decode,
    integer,
    mapping,
    member,
    moment,
    nested,
    register,
    sequence,
    text,
    to_attributes,
)
from sms_consent.domain.consent import UNKNOWN_TIME, ChainHead, Consent, Drift, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.ports import Sender
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import RecentReply, Reply, ReplyKind, ReplyState, ReplyThread
from sms_consent.domain.time import as_text

__all__ = [
    "ANSWER",
    "DECISION",
    "DRIFT",
    "END_USER",
    "EXPIRES",
    "LIST",
    "LONG_AGO",
    "REJECTED",
    "budget_key",
    "consent_from",
    "decision_from",
    "thread_from",
    "turn_item",
]

LIST, DECISION, ANSWER, REJECTED, SENDER, TURN = "LIST#", "DECISION#", "ANSWER#", "REJECTED#", "SENDER", "TURN"
BUDGET = "BUDGET"
DRIFT = "DRIFT#"

END_USER = "EndUserOptedOut"
"""Spelt as in the API. In a consent it is what the person asked; in ``listing`` it is AWS's value."""

EXPIRES = "expires"
"""DynamoDB deletes an item after this time (TTL). Every write of a consent removes it, since the consent is in use again."""

CHAINED = {"chained_revision": "revision"}
"""The revision at which this version, or a newer one, last wrote a record: an older release raises ``revision`` only."""

LONG_AGO = as_text(UNKNOWN_TIME)


def consent_from(item: Mapping[str, Any]) -> Consent:
    """Return the consent of an item. Attributes that cannot be read get safe values: an unknown status is opted out.

    Raises nothing for an item with a key.
    """
    return decode(Consent, {**item, "outside_writes": outside_writes(item)})


def decision_from(item: Mapping[str, Any]) -> tuple[Decision, Outcome | None, datetime | None]:
    """Return a decision, its outcome, and when it was recorded. The last two are None outside the history."""
    at, _, decision_id = item["sk"].removeprefix(DECISION).partition("#")
    try:
        moment(at)
    except ValueError:  # a key written by hand
        at = LONG_AGO
    entry = decode(_Entry, item)
    return decode(Decision, item, {"number": item["pk"], "at": at, "id": decision_id}), entry.outcome, entry.recorded_at


def thread_from(item: Mapping[str, Any]) -> tuple[str, ReplyThread]:
    """Return the key and thread of an item. A reply that cannot be read counts as perhaps sent, so it is not sent."""
    values = {**item, "outside_writes": outside_writes(item)}
    return item["sk"].removeprefix(ANSWER), decode(ReplyThread, values)


def budget_key(day: date) -> Attributes:
    """Return the key of a UTC day's count of replies."""
    return to_attributes({"pk": f"{BUDGET}#{day.isoformat()}", "sk": BUDGET})


def turn_item(name: str, worker: str, until: datetime) -> Attributes:
    """Return the item of an exclusive turn."""
    return to_attributes({"pk": f"{TURN}#{name}", "sk": TURN, "worker": worker, "until": until})


@dataclass(frozen=True, slots=True)
class _Entry:
    """The attributes that the history adds to a decision."""

    outcome: Outcome | None = None
    recorded_at: datetime | None = None


def _reply(value: Any) -> Reply:
    """Return a reply. Raises Unreadable if this version does not know its kind or state, and so cannot send it."""
    reply = decode(Reply, value)
    if reply.preserved is not None and "state" in reply.preserved.unreadable:
        raise Unreadable("a reply in a state that this version does not know")
    return reply


register(Listing, fields={"at": moment, "end_user_opted_out": boolean}, names={"end_user_opted_out": END_USER})

register(
    Reply,
    fields={
        "decision_id": text,
        "kind": member(ReplyKind),
        "language": text,
        "sender": text,
        "until": moment,
        "state": member(ReplyState),
        "claimed_by": text,
        "message_id": text,
        "reason": text,
    },
    unstored=("text", "sent_from"),  # a reply's words are stored as a fact
)
register(RecentReply, fields={"at": moment, "digest": text, "kind": member(ReplyKind)}, unstored=("reply",))

register(
    Decision,
    key=("{number}", DECISION + "{at}#{id}"),  # with the id in it, every delivery of a request has the same key
    fields={
        "id": text,
        "number": text,
        "asked": member(Asked),
        "at": moment,
        "author": member(Author),
        "through": text,
        "tier": text,
        "rule": text,
        "matched": text,
        "language": text,
        "rules_version": text,
        "body": text,
        "actor": text,
        "reference": text,
        "list_name": text,
        "end_user": boolean,
        "only_if_opted_out": boolean,
        "import_id": text,
    },
    stand_ins={"asked": Asked.UNKNOWN.value, "author": Author.UNKNOWN.value, "through": ""},
    ignored=("outcome", "recorded_at", *IN_CHAIN),
)
register(_Entry, fields={"outcome": member(Outcome), "recorded_at": moment})
_CONSENT_STAND_INS = {
    "status": Status.OPTED_OUT.value,
    "end_user_opted_out": False,
    "decided_at": LONG_AGO,
    "decided_by": "",
    "version": 1_000_000,  # never equal to the applied version: the work counts as unfinished
    "applied_version": 0,
    "revision": 0,
    "attempts": 0,
}

register(
    Consent,
    key=("{number}", LIST + "{list_name}"),  # in the same partition as the decisions behind it
    fields={
        "number": text,
        "list_name": after(LIST),
        "status": member(Status),
        "end_user_opted_out": boolean,
        "decided_at": moment,
        "decided_by": text,
        "asked_out_at": moment,
        "opted_in_at": moment,
        "first_asked_out_at": moment,
        "asked_out_count": integer,
        "version": integer,
        "applied_version": integer,
        "revision": integer,
        "listed": boolean,
        "listing": nested(Listing),
        "deleted_at": moment,
        "held_until": moment,
        "deleting": moment,
        "uncertain_delete_at": moment,
        "in_flight_until": moment,
        "refusal": text,
        "answer": _reply,
        "outbox": nested(Decision),
        "attempts": integer,
        "due": member(Due),
        "due_at": moment,
        "lease": text,
        "lease_until": moment,
        "drift": member(DriftKind),
        "drift_found_at": moment,
        "decided_author": member(Author),
        "recent_replies": sequence(nested(RecentReply)),
        "rejections": integer,
        "rejected_since": moment,
        "rejection": text,
        "unlisted_since": moment,
        "withdrawn_at": moment,
        "chain": nested(ChainHead),
        "outside_writes": integer,
    },
    names={
        # Attributes keep the names that deployed ledgers have.
        "number": "pk",
        "list_name": "sk",
        "end_user_opted_out": END_USER,
        "uncertain_delete_at": "delete_doubt",
        "in_flight_until": "landing_until",
    },
    stand_ins=_CONSENT_STAND_INS,
    sparse=("asked_out_count", "recent_replies", "rejections", "outside_writes"),
    ignored=(EXPIRES,),
    copies=CHAINED,
    evidence={"outbox": "unreadable_outbox"},
)

register(
    ReplyThread,
    key=("{number}", ANSWER + "{key}"),
    fields={
        "number": text,
        "answer": _reply,
        "asked_at": moment,
        "recent": sequence(moment),
        "revision": integer,
        "attempts": integer,
        "due_at": moment,
        "recent_replies": sequence(nested(RecentReply)),
        "waiting": sequence(_reply),
        "lines": mapping(moment),
        "outside_writes": integer,
    },
    names={"number": "pk"},
    stand_ins={
        "answer": {
            "decision_id": "",
            "kind": ReplyKind.HELP.value,
            "sender": "",
            "until": LONG_AGO,
            "state": ReplyState.UNKNOWN.value,
        },
        "asked_at": LONG_AGO,
        "recent": [],
        "revision": 0,
        "attempts": 0,
    },
    sparse=("recent_replies", "waiting", "lines", "outside_writes"),
    work=Due.REPLY,
    copies=CHAINED,
)

register(
    RejectedWork,
    key=("{number}", REJECTED + "{list_name}"),
    fields={
        "number": text,
        "list_name": after(REJECTED),
        "reason": text,
        "since": moment,
        "rejections": integer,
        "version": integer,
        "due_at": moment,
        "revision": integer,
    },
    names={"number": "pk", "list_name": "sk"},
    stand_ins={"reason": "", "since": LONG_AGO, "rejections": 0},
    ignored=(EXPIRES,),
    work=Due.REJECTED,
)

register(
    Sender,  # its list is not guessed: without it the item is unreadable
    key=(SENDER + "#{identity}", SENDER),
    fields=dict.fromkeys(("identity", "list_name", "brand", "support_contact", "language", "reply_from"), text),
)

register(
    Drift,
    key=("{number}", DRIFT + "{found_at}#{list_name}"),  # a resumed reconcile run writes the same drift again
    fields={
        "number": text,
        "list_name": text,
        "kind": member(DriftKind),
        "found_at": moment,
        "status": member(Status),
        "listing": nested(Listing),
    },
    names={"number": "pk"},
    strict=True,
)
