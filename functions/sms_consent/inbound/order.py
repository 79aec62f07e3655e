"""In which order the texts of one batch are processed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sms_consent.domain.phone_number import canonical
from sms_consent.inbound.message import InboundMessage
from sms_consent.inbound.processor import ClassifiedMessage
from sms_consent.inbound.records import Record
from sms_consent.intent import Intent

__all__ = ["by_person", "in_order", "one_by_one", "shuffled"]


def by_person(records: Iterable[Record]) -> list[list[Record]]:
    """Group records by their sender. A record without a text forms its own group."""
    people: dict[str, list[Record]] = {}
    for record in records:
        key = _person(record) if isinstance(record.text, InboundMessage) else f"\0{len(people)}"
        people.setdefault(key, []).append(record)
    return list(people.values())


def in_order(messages: Sequence[tuple[Record, ClassifiedMessage]]) -> list[tuple[Record, ClassifiedMessage]]:
    """Sort one person's texts: for each number of ours the newest opt-out or opt-in, then the older ones, then the rest.

    So the newest request is recorded even if there is time for nothing else. At equal times, opting out wins. Everyday words
    such as YES opt in only after an opt-out, so they follow the newest request that does not depend on another.
    """
    requests = sorted((each for each in messages if each[1].changes_consent), key=_newest_last, reverse=True)
    others = sorted((each for each in messages if not each[1].changes_consent), key=lambda each: each[1].text.at)
    everyday = [each for each in requests if each[1].reading.everyday]
    explicit = [each for each in requests if not each[1].reading.everyday]
    newest: dict[str, tuple[Record, ClassifiedMessage]] = {}
    older = [each for each in explicit if newest.setdefault(each[1].text.destination, each) is not each]
    return [*newest.values(), *everyday, *older, *others]


def _newest_last(each: tuple[Record, ClassifiedMessage]) -> tuple[datetime, bool]:
    message = each[1]
    return message.text.at, message.reading.intent is Intent.OPT_OUT


def shuffled(groups: list[list[Record]]) -> list[list[Record]]:
    """Sort groups of records that were received before, each time in another order: some of them may stop the process.

    The order at an odd number of receives is the reverse of the one before, so with one such record every other one runs
    before it at one of two receives. With several, each pair of receives gives the others a new chance.
    """
    receives = _receives(groups)
    return sorted(groups, key=lambda group: _shuffle(_person(group[0]), receives // 2), reverse=receives % 2 == 1)


def one_by_one(records: list[Record]) -> list[Record]:
    """Sort records that run alone: people as in ``shuffled``, one person's texts newest first.

    At every fourth receive they are shuffled too, in case one of them stops the process and hides the older ones.
    """
    ordered = []
    for group in shuffled(by_person(records)):
        receives = _receives([group])
        by_time = sorted(group, key=_sent, reverse=True)
        seeds = {record: _shuffle(record.text_id or record.id, receives) for record in group}
        ordered += sorted(by_time, key=seeds.__getitem__) if receives % 4 == 3 else by_time
    return ordered


def _receives(groups: Iterable[Iterable[Record]]) -> int:
    return max((record.receives for group in groups for record in group), default=0)


def _sent(record: Record) -> str:
    return record.text.at.isoformat() if isinstance(record.text, InboundMessage) else ""


def _person(record: Record) -> str:
    if not isinstance(record.text, InboundMessage):
        return record.id
    return canonical(record.text.sender) or record.text.sender


def _shuffle(key: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {key}".encode("utf-8", "surrogatepass")).digest()
