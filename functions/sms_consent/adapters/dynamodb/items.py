"""The items of the ledger's table (``pk``, ``sk``): consents, decisions, reply threads, rejected work, senders, drifts,
turns, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sms_consent.adapters.dynamodb.codec import Decoder, Plain, boolean, decode, integer, member, moment, preserve, text
from sms_consent.domain.consent import UNKNOWN_TIME, Consent, Drift, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.ports import Sender
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import RecentReply, Reply, ReplyKind, ReplyState, ReplyThread
from sms_consent.domain.time import as_text, from_text

__all__ = [
    "DECISION",
    "DRIFT",
    "END_USER",
    "EXPIRES",
    "LIST",
    "budget_key",
    "consent_from",
    "consent_item",
    "consent_key",
    "decision_from",
    "decision_item",
    "decision_key",
    "drift_from",
    "drift_item",
    "drift_key",
    "rejected_from",
    "rejected_item",
    "rejected_key",
    "sender_from",
    "sender_item",
    "sender_key",
    "thread_from",
    "thread_item",
    "thread_key",
    "turn_item",
]

LIST, DECISION, ANSWER, REJECTED, SENDER, TURN = "LIST#", "DECISION#", "ANSWER#", "REJECTED#", "SENDER", "TURN"
BUDGET = "BUDGET"
DRIFT = "DRIFT#"

END_USER = "EndUserOptedOut"
"""Spelt as in the API. In a consent it is what the person asked; in ``listing`` it is AWS's value."""

EXPIRES = "expires"
"""DynamoDB deletes an item after this time (TTL). Every write of a consent removes it, since the consent is in use again."""

LONG_AGO = as_text(UNKNOWN_TIME)

Item = dict[str, Plain | None]


def consent_key(number: str, list_name: str) -> dict[str, Plain | None]:
    """Return the key of a consent, which has the same partition as the decisions behind it."""
    return {"pk": number, "sk": LIST + list_name}


def consent_item(consent: Consent) -> Item:
    """Return the item of a consent. None is an absent attribute, so that ``due`` and ``due_at`` make a sparse index."""
    item: Item = {**_plain(consent, _CONSENT_NAMES), **consent_key(consent.number, consent.list_name)}
    item["listing"] = _listing_map(consent.listing)
    item["answer"] = _answer_map(consent.answer)
    item["outbox"] = _decision_map(consent.outbox) if consent.outbox is not None else None
    item["recent_replies"] = _recent_list(consent.recent_replies)
    item["rejections"] = consent.rejections or None
    item["asked_out_count"] = consent.asked_out_count or None
    preserved = consent.preserved
    if preserved is not None and consent.outbox is not None and "outbox" in preserved.unreadable:
        item["unreadable_outbox"] = preserved.unreadable["outbox"][0]  # evidence: not dropped for the next decision
    return preserve(item, preserved)


def consent_from(item: Mapping[str, Any]) -> Consent:
    """Return the consent of an item. Unreadable attributes get safe values, and nothing is raised for an item with a key.

    An unknown status counts as opted out.
    """
    values = {**item, "sk": item["sk"].removeprefix(LIST)}
    return decode(
        Consent, values, _CONSENT, attributes=_CONSENT_NAMES, stand_ins=_CONSENT_STAND_INS, ignored=(EXPIRES,)
    )


def decision_key(decision: Decision) -> dict[str, Plain | None]:
    """Return the key of a decision, sorted by time. With the id in it, every delivery of a request has the same key."""
    return {"pk": decision.number, "sk": f"{DECISION}{as_text(decision.at)}#{decision.id}"}


def decision_item(decision: Decision, outcome: Outcome, recorded_at: datetime) -> Item:
    """Return the item of a decision, which is written once. Text that UTF-8 cannot encode gets replacement characters."""
    return {
        **_decision_map(decision),
        **decision_key(decision),
        "outcome": outcome.value,
        "recorded_at": as_text(recorded_at),
    }


def decision_from(item: Mapping[str, Any]) -> tuple[Decision, Outcome | None, datetime | None]:
    """Return a decision, its outcome, and when it was recorded. The last two are None outside the history."""
    at, _, decision_id = item["sk"].removeprefix(DECISION).partition("#")
    try:
        moment(at)
    except ValueError:  # a key written by hand
        at = LONG_AGO
    stand_ins = {**_DECISION_STAND_INS, "number": item["pk"], "at": at, "id": decision_id}
    entry = decode(_Entry, item, _ENTRY)
    return _decision_from(item, stand_ins=stand_ins), entry.outcome, entry.recorded_at


def thread_key(key: str, number: str) -> dict[str, Plain | None]:
    """Return the key of a reply thread."""
    return {"pk": number, "sk": ANSWER + key}


def thread_item(key: str, thread: ReplyThread) -> Item:
    """Return the item of a reply thread. ``due`` is set with ``due_at``, so that the index finds a due reply."""
    item: Item = {**_plain(thread), **thread_key(key, thread.number)}
    item["recent"] = [as_text(moment) for moment in thread.recent]
    item["answer"] = _answer_map(thread.answer)
    item["recent_replies"] = _recent_list(thread.recent_replies)
    item["waiting"] = _waiting_list(thread.waiting)
    item["lines"] = {line: as_text(at) for line, at in thread.lines.items()} or None
    item["due"] = Due.REPLY.value if thread.due_at is not None else None
    return preserve(item, thread.preserved)


def thread_from(item: Mapping[str, Any]) -> tuple[str, ReplyThread]:
    """Return the key and thread of an item. A reply that cannot be read counts as one that may have been sent."""
    thread = decode(ReplyThread, item, _LETTER, attributes={"number": "pk"}, stand_ins=_LETTER_STAND_INS, ignored=_KEYS)
    return item["sk"].removeprefix(ANSWER), thread


def rejected_key(number: str, list_name: str) -> dict[str, Plain | None]:
    """Return the key of permanently rejected work."""
    return {"pk": number, "sk": REJECTED + list_name}


def rejected_item(work: RejectedWork, expires: datetime | None = None) -> Item:
    """Return the item of rejected work, without ``due`` once it is over. DynamoDB deletes it after ``expires``."""
    item: Item = {**_plain(work, _REJECTED_NAMES), **rejected_key(work.number, work.list_name)}
    item["due"] = Due.REJECTED.value if work.due_at is not None else None
    item[EXPIRES] = int(expires.timestamp()) if expires is not None else None
    return preserve(item, work.preserved)


def rejected_from(item: Mapping[str, Any]) -> RejectedWork:
    """Return the work of an item. Raises Unreadable for an item without a readable version or revision."""
    values = {**item, "sk": item["sk"].removeprefix(REJECTED)}
    stand_ins = {"reason": "", "since": LONG_AGO, "rejections": 0}
    return decode(
        RejectedWork, values, _REJECTED, attributes=_REJECTED_NAMES, stand_ins=stand_ins, ignored=(EXPIRES, "due")
    )


def sender_key(identity: str) -> dict[str, Plain | None]:
    """Return the key of an origination identity's settings."""
    return {"pk": f"{SENDER}#{identity}", "sk": SENDER}


def sender_item(sender: Sender) -> Item:
    """Return the item of an origination identity's settings."""
    return preserve({**_plain(sender), **sender_key(sender.identity)}, sender.preserved)


def sender_from(item: Mapping[str, Any]) -> Sender:
    """Return the settings of an item. Raises Unreadable if the list cannot be read: it is not guessed."""
    return decode(Sender, item, _SENDER, ignored=("pk", "sk"))


def budget_key(day: date) -> dict[str, Plain | None]:
    """Return the key of a UTC day's count of replies."""
    return {"pk": f"{BUDGET}#{day.isoformat()}", "sk": BUDGET}


def turn_item(name: str, worker: str, until: datetime) -> Item:
    """Return the item of an exclusive turn: its worker, and until when."""
    return {"pk": f"{TURN}#{name}", "sk": TURN, "worker": worker, "until": as_text(until)}


def drift_key(drift: Drift) -> dict[str, Plain | None]:
    """Return the key of a drift. A resumed reconcile run writes the same drift under the same key."""
    return {"pk": drift.number, "sk": f"{DRIFT}{as_text(drift.found_at)}#{drift.list_name}"}


def drift_item(drift: Drift) -> Item:
    """Return a drift's item. Its ``listing`` has the form that it has in a consent."""
    listing = drift.listing
    said: dict[str, Plain] = {}
    if listing is not None and listing.at is not None:
        said["at"] = as_text(listing.at)
    if listing is not None and listing.end_user_opted_out is not None:
        said[END_USER] = listing.end_user_opted_out
    return {
        **drift_key(drift),
        "kind": drift.kind.value,
        "list_name": drift.list_name,
        "found_at": as_text(drift.found_at),
        "status": drift.status.value if drift.status is not None else None,
        "listing": said if listing is not None else None,
    }


def drift_from(item: dict[str, Any]) -> Drift:
    """Return the drift of an item. Raises ValueError or KeyError for a kind that this version does not know."""
    said = item.get("listing")
    return Drift(
        number=item["pk"],
        list_name=item["list_name"],
        kind=DriftKind(item["kind"]),
        found_at=from_text(item["found_at"]),
        status=Status(item["status"]) if "status" in item else None,
        listing=Listing(
            at=from_text(said["at"]) if "at" in said else None,
            end_user_opted_out=said.get(END_USER),
        )
        if said is not None
        else None,
    )


def _plain(record: Any, attributes: Mapping[str, str] = MappingProxyType({})) -> Item:
    """Return a dataclass's fields as attributes, with times as text. The caller encodes nested records.

    ``attributes`` holds the attribute names that differ from their field's name.
    """
    item: Item = {}
    for field in fields(record):
        if field.name == "preserved":
            continue
        value = getattr(record, field.name)
        if isinstance(value, datetime):
            value = as_text(value)
        elif isinstance(value, str):
            value = str(value).encode("utf-8", "replace").decode("utf-8")
        item[attributes.get(field.name, field.name)] = value
    return item


def _dense(item: Item) -> dict[str, Plain]:
    return {name: value for name, value in item.items() if value is not None}


def _listing_map(listing: Listing | None) -> dict[str, Plain] | None:
    if listing is None:
        return None
    return _dense(preserve(_plain(listing, _LISTING_NAMES), listing.preserved))


def _answer_map(answer: Reply | None) -> dict[str, Plain] | None:
    return _dense(_reply_item(answer)) if answer is not None else None


def _reply_item(answer: Reply) -> Item:
    """Return a reply's attributes. Its words are stored as a fact."""
    return preserve({**_plain(answer), "text": None, "sent_from": None}, answer.preserved)


def _decision_map(decision: Decision) -> dict[str, Plain]:
    return _dense(preserve(_plain(decision), decision.preserved))


def _recent_list(replies: tuple[RecentReply, ...]) -> list[Plain] | None:
    return [_dense(_plain(reply)) for reply in replies] or None


def _waiting_list(waiting: tuple[Reply, ...]) -> list[Plain] | None:
    return [_dense(_reply_item(answer)) for answer in waiting] or None


def _waiting_from(value: Any) -> tuple[Reply, ...]:
    return tuple(_answer_from(each) for each in value)


def _lines_from(value: Any) -> dict[str, datetime]:
    return {line: moment(at) for line, at in value.items()}


def _recent_from(value: Any) -> tuple[RecentReply, ...]:
    return tuple(RecentReply(moment(each["at"]), text(each["digest"]), _kind_from(each.get("kind"))) for each in value)


def _kind_from(value: Any) -> ReplyKind | None:
    """Return a reply kind, or None for one that this version does not know."""
    try:
        return ReplyKind(value)
    except ValueError:
        return None


def _moments(value: Any) -> tuple[datetime, ...]:
    return tuple(moment(each) for each in value)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The attributes that the history adds to a decision."""

    outcome: Outcome | None = None
    recorded_at: datetime | None = None
    preserved: Preserved | None = None


_KEYS = ("pk", "sk", "due")

_LISTING: Mapping[str, Decoder] = {"at": moment, "end_user_opted_out": boolean}
_LISTING_NAMES = {"end_user_opted_out": END_USER}
_listing_from = partial(decode, Listing, decoders=_LISTING, attributes=_LISTING_NAMES)

_ANSWER: Mapping[str, Decoder] = {
    "decision_id": text,
    "kind": member(ReplyKind),
    "language": text,
    "sender": text,
    "until": moment,
    "state": member(ReplyState),
    "claimed_by": text,
    "message_id": text,
    "reason": text,
}


def _answer_from(item: Mapping[str, Any]) -> Reply:
    """Return a reply. Raises Unreadable if this version does not know its kind or state: it cannot be sent from here."""
    answer = decode(Reply, item, _ANSWER)
    if answer.preserved is not None and "state" in answer.preserved.unreadable:
        raise Unreadable("a reply in a state that this version does not know")
    return answer


_DECISION: Mapping[str, Decoder] = {
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
}
_DECISION_STAND_INS = {"asked": Asked.UNKNOWN.value, "author": Author.UNKNOWN.value, "through": ""}
_decision_from = partial(
    decode,
    Decision,
    decoders=_DECISION,
    stand_ins=_DECISION_STAND_INS,
    ignored=("pk", "sk", "outcome", "recorded_at"),
)
_ENTRY: Mapping[str, Decoder] = {"outcome": member(Outcome), "recorded_at": moment}

_CONSENT: Mapping[str, Decoder] = {
    "number": text,
    "list_name": text,
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
    "listing": _listing_from,
    "deleted_at": moment,
    "held_until": moment,
    "deleting": moment,
    "uncertain_delete_at": moment,
    "in_flight_until": moment,
    "refusal": text,
    "answer": _answer_from,
    "outbox": _decision_from,
    "attempts": integer,
    "due": member(Due),
    "due_at": moment,
    "lease": text,
    "lease_until": moment,
    "drift": member(DriftKind),
    "drift_found_at": moment,
    "decided_author": member(Author),
    "recent_replies": _recent_from,
    "rejections": integer,
    "rejected_since": moment,
    "rejection": text,
    "unlisted_since": moment,
    "withdrawn_at": moment,
}
_CONSENT_NAMES = {
    "number": "pk", "list_name": "sk", "end_user_opted_out": END_USER,
    "uncertain_delete_at": "delete_doubt", "in_flight_until": "landing_until",
}  # fmt: skip
"""Where an attribute's name differs from its field's: attributes keep the names that deployed ledgers have."""
_CONSENT_STAND_INS: Mapping[str, Plain] = {
    "status": Status.OPTED_OUT.value,
    "end_user_opted_out": False,
    "decided_at": LONG_AGO,
    "decided_by": "",
    "version": 1_000_000,  # never equal to the applied version: the work counts as unfinished
    "applied_version": 0,
    "revision": 0,
    "attempts": 0,
}

_LETTER: Mapping[str, Decoder] = {
    "number": text,
    "answer": _answer_from,
    "asked_at": moment,
    "recent": _moments,
    "revision": integer,
    "attempts": integer,
    "due_at": moment,
    "recent_replies": _recent_from,
    "waiting": _waiting_from,
    "lines": _lines_from,
}
_LETTER_STAND_INS: Mapping[str, Any] = {
    "answer": {
        "decision_id": "", "kind": ReplyKind.HELP.value, "sender": "", "until": LONG_AGO,
        "state": ReplyState.UNKNOWN.value,
    },
    "asked_at": LONG_AGO,
    "recent": [],
    "revision": 0,
    "attempts": 0,
}  # fmt: skip

_REJECTED_NAMES = {"number": "pk", "list_name": "sk"}
_REJECTED: Mapping[str, Decoder] = {
    "number": text,
    "list_name": text,
    "reason": text,
    "since": moment,
    "rejections": integer,
    "version": integer,
    "due_at": moment,
    "revision": integer,
}

_SENDER: Mapping[str, Decoder] = dict.fromkeys(
    ("identity", "list_name", "brand", "support_contact", "language", "reply_from"), text
)
