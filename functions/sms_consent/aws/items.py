"""How consents, decisions, letters and senders look as items of the ledger's table (``pk``, ``sk``)."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sms_consent.answer import Answer, AnswerState, Letter
from sms_consent.aws.attributes import Plain
from sms_consent.consent import Consent, Due, Listing, Status
from sms_consent.decision import Asked, Author, Decision, Outcome
from sms_consent.drift import DriftKind
from sms_consent.ports import Sender
from sms_consent.replies import ReplyKind
from sms_consent.times import as_text, from_text

__all__ = [
    "DECISION",
    "LIST",
    "consent_from",
    "consent_item",
    "consent_key",
    "decision_from",
    "decision_item",
    "decision_key",
    "letter_from",
    "letter_item",
    "letter_key",
    "sender_from",
    "sender_item",
    "sender_key",
    "turn_item",
]

LIST, DECISION, ANSWER, SENDER, TURN = "LIST#", "DECISION#", "ANSWER#", "SENDER", "TURN"

END_USER = "EndUserOptedOut"
"""Named as the API names it, wherever it stands: in the consent, what the person asked; in ``listing``, what AWS says."""

_CONSENT_TIMES = (
    "decided_at",
    "asked_out_at",
    "opted_in_at",
    "deleted_at",
    "held_until",
    "deleting",
    "delete_doubt",
    "landing_until",
    "due_at",
    "lease_until",
    "drift_found_at",
)

Item = dict[str, Plain | None]
T = TypeVar("T")


def consent_key(number: str, list_name: str) -> dict[str, Plain | None]:
    """A consent stands under its number, beside the decisions behind it."""
    return {"pk": number, "sk": LIST + list_name}


def consent_item(consent: Consent) -> Item:
    """Attributes have the names of the fields; None is absent, so that ``due`` and ``due_at`` make a sparse index."""
    item: Item = {**_plain(consent), **consent_key(consent.number, consent.list_name)}
    item["listing"] = _listing_map(consent.listing)
    item["answer"] = _answer_map(consent.answer)
    item["outbox"] = _dense(_plain(consent.outbox)) if consent.outbox is not None else None
    item[END_USER] = item.pop("end_user_opted_out")
    del item["number"], item["list_name"]
    return item


def consent_from(item: dict[str, Any]) -> Consent:
    """The inverse of ``consent_item``."""
    values = _times(item, *_CONSENT_TIMES)
    values["number"] = values.pop("pk")
    values["list_name"] = values.pop("sk").removeprefix(LIST)
    values["status"] = Status(values["status"])
    values["end_user_opted_out"] = values.pop(END_USER)
    values["due"] = Due(values["due"]) if "due" in values else None
    values["drift"] = DriftKind(values["drift"]) if "drift" in values else None
    if "listing" in values:
        listing = _times(values["listing"], "at")
        values["listing"] = Listing(at=listing.get("at"), end_user_opted_out=listing.get(END_USER))
    if "answer" in values:
        values["answer"] = _answer_from(values["answer"])
    if "outbox" in values:
        values["outbox"] = decision_from(values["outbox"])[0]
    return _made(Consent, values)


def decision_key(decision: Decision) -> dict[str, Plain | None]:
    """Sorted by time under its number; the id makes it one item however often the request is delivered."""
    return {"pk": decision.number, "sk": f"{DECISION}{as_text(decision.at)}#{decision.id}"}


def decision_item(decision: Decision, outcome: Outcome, recorded_at: datetime) -> Item:
    """Written once and never changed. A text that no UTF-8 can hold is kept with replacement characters."""
    return {
        **_plain(decision),
        **decision_key(decision),
        "outcome": outcome.value,
        "recorded_at": as_text(recorded_at),
    }


def decision_from(item: dict[str, Any]) -> tuple[Decision, Outcome | None, datetime | None]:
    """The decision, what it did and when it was recorded; the latter two only for one that stands in the history."""
    values = _times(item, "at", "recorded_at")
    values["asked"], values["author"] = Asked(values["asked"]), Author(values["author"])
    outcome = Outcome(values["outcome"]) if "outcome" in values else None
    return _made(Decision, values), outcome, values.get("recorded_at")


def letter_key(key: str, number: str) -> dict[str, Plain | None]:
    """A letter stands under its number too."""
    return {"pk": number, "sk": ANSWER + key}


def letter_item(key: str, letter: Letter) -> Item:
    """``due`` is set beside ``due_at``, so that a reply left over is found by the index."""
    item: Item = {**_plain(letter), **letter_key(key, letter.number)}
    item["recent"] = [as_text(moment) for moment in letter.recent]
    item["answer"] = _answer_map(letter.answer)
    item["due"] = Due.REPLY.value if letter.due_at is not None else None
    return item


def letter_from(item: dict[str, Any]) -> tuple[str, Letter]:
    """The inverse of ``letter_item``."""
    values = _times(item, "asked_at", "due_at")
    values["recent"] = tuple(from_text(moment) for moment in values["recent"])
    values["answer"] = _answer_from(values["answer"])
    return values["sk"].removeprefix(ANSWER), _made(Letter, values)


def sender_key(identity: str) -> dict[str, Plain | None]:
    """One item for each number, pool or agent of ours."""
    return {"pk": f"{SENDER}#{identity}", "sk": SENDER}


def sender_item(sender: Sender) -> Item:
    """What is configured for it."""
    return {**_plain(sender), **sender_key(sender.identity)}


def sender_from(item: dict[str, Any]) -> Sender:
    """The inverse of ``sender_item``."""
    return _made(Sender, item)


def turn_item(name: str, worker: str, until: datetime) -> Item:
    """Who may do something that one worker at a time does, and until when."""
    return {"pk": f"{TURN}#{name}", "sk": TURN, "worker": worker, "until": as_text(until)}


def _plain(record: Any) -> Item:
    """A dataclass's own fields; times as text, nested records left to the caller."""
    item: Item = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, datetime):
            value = as_text(value)
        elif isinstance(value, str):
            value = str(value).encode("utf-8", "replace").decode("utf-8")
        item[field.name] = value
    return item


def _dense(item: Item) -> dict[str, Plain]:
    return {name: value for name, value in item.items() if value is not None}


def _listing_map(listing: Listing | None) -> dict[str, Plain] | None:
    if listing is None:
        return None
    item = _plain(listing)
    item[END_USER] = item.pop("end_user_opted_out")
    return _dense(item)


def _answer_map(answer: Answer | None) -> dict[str, Plain] | None:
    return _dense(_plain(answer)) if answer is not None else None


def _answer_from(item: dict[str, Any]) -> Answer:
    values = _times(item, "until")
    values["kind"], values["state"] = ReplyKind(values["kind"]), AnswerState(values["state"])
    values.setdefault("language", None)
    return _made(Answer, values)


def _times(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: from_text(value) if name in names else value for name, value in item.items()}


def _made(record: type[T], values: dict[str, Any]) -> T:
    """A record of the fields that it knows: an item written by a newer version may hold more."""
    known = {field.name for field in fields(record)}  # type: ignore[arg-type]  # every record here is a dataclass
    return record(**{name: value for name, value in values.items() if name in known})
