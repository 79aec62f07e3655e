"""In which order the texts of one batch are processed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from inbound.records import Record
from sms_consent.inbound import Message
from sms_consent.intent import Intent
from sms_consent.numbers import canonical
from sms_consent.text import Text

__all__ = ["by_person", "in_alternating_order", "in_order"]


def by_person(records: Iterable[Record]) -> list[list[Record]]:
    """Group records by their sender. A record without a text is a group of its own."""
    people: dict[str, list[Record]] = {}
    for record in records:
        key = record.text.sender if isinstance(record.text, Text) else f"\0{len(people)}"
        people.setdefault(canonical(key) or key, []).append(record)
    return list(people.values())


def in_order(messages: Sequence[tuple[Record, Message]]) -> list[tuple[Record, Message]]:
    """Sort one person's texts: for each number of ours the newest opt-out or opt-in, then the older ones, then the rest.

    So the newest request is recorded even if there is time for nothing else. At equal times, opting out wins. Everyday words
    such as YES opt in only after an opt-out, so they follow the newest request that does not depend on another.
    """
    requests = sorted((each for each in messages if each[1].changes_consent), key=_newest_last, reverse=True)
    others = sorted((each for each in messages if not each[1].changes_consent), key=lambda each: each[1].text.at)
    everyday = [each for each in requests if each[1].reading.everyday]
    explicit = [each for each in requests if not each[1].reading.everyday]
    newest: dict[str, tuple[Record, Message]] = {}
    older = [each for each in explicit if newest.setdefault(each[1].text.destination, each) is not each]
    return [*newest.values(), *everyday, *older, *others]


def _newest_last(each: tuple[Record, Message]) -> tuple[datetime, bool]:
    message = each[1]
    return message.text.at, message.reading.intent is Intent.OPT_OUT


def in_alternating_order(groups: list[list[Record]]) -> list[list[Record]]:
    """Sort groups of records that were received before: newest first at even numbers of receives, oldest first at odd ones.

    If one of them stops the process each time, every other one runs before it at the next receive or the one after.
    """
    receives = max((record.receives for group in groups for record in group), default=0)
    return sorted(groups, key=lambda group: min(map(_place, group)), reverse=receives % 2 == 0)


def _place(record: Record) -> tuple[bool, str, str]:
    at = record.text.at.isoformat() if isinstance(record.text, Text) else ""
    return isinstance(record.text, Text), at, record.id
