"""AWS End User Messaging SMS in memory, as far as the ports use it: lists with the 30 days, texts, quotas.

Its rules are those of the API's documentation: a text to a listed number is refused, whatever it is; a number leaves a list
once in 30 days; quotas are requests a second; one recipient gets one text a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sms_consent.domain.consent import Listing
from sms_consent.domain.errors import OptInRefused, RecipientOptedOut, Rejected, Throttled
from sms_consent.domain.ports import Call, Clock

__all__ = ["DEFAULT_QUOTAS", "HELD_FOR", "MemoryService", "SentText"]

HELD_FOR = timedelta(days=30)
DEFAULT_QUOTAS: Mapping[Call, float] = {Call.PUT: 10, Call.DELETE: 10, Call.FIND: 1, Call.SEND: 1}
A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class SentText:
    """One text that reached its recipient's network."""

    to: str
    sender: str
    body: str
    reference: str
    at: datetime


@dataclass(slots=True)
class _Bucket:
    rate: float
    tokens: float
    since: datetime

    def take(self, now: datetime) -> bool:
        capacity = max(self.rate, 1.0)
        self.tokens = min(capacity, self.tokens + (now - self.since).total_seconds() * self.rate)
        self.since = now
        if self.tokens < 1 - 1e-6:
            return False
        self.tokens -= 1
        return True


@dataclass
class MemoryService:
    """The ports ``OptOutList`` and ``Texting``. ``list_of`` is the list that each of our numbers is associated with."""

    clock: Clock
    list_of: Mapping[str, str]
    quotas: Mapping[Call, float] | None = None
    one_text_a_second: bool = False  # to one recipient: a quota that nobody can have raised
    hold_counts_per_list: bool = True  # undocumented; otherwise for the number on all lists
    refusal: str = "PHONE_NUMBER_CANNOT_BE_OPTED_IN"  # undocumented too; the other known one is ConflictException
    entries: dict[tuple[str, str], Listing] = field(default_factory=dict)
    deletions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    texts: list[SentText] = field(default_factory=list)
    accepted: Counter[tuple[Call, datetime]] = field(default_factory=Counter)  # by the second
    refused: Counter[Call] = field(default_factory=Counter)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def put(self, number: str, list_name: str) -> Listing:
        self._admit(Call.PUT)
        self._known(list_name)
        return self.entries.setdefault((number, list_name), Listing(at=self.clock.now(), end_user_opted_out=False))

    def delete(self, number: str, list_name: str) -> Listing | None:
        self._admit(Call.DELETE)
        self._known(list_name)
        entry = self.entries.get((number, list_name))
        if entry is None:
            return None
        if self.held(number, list_name):
            raise OptInRefused(self.refusal)
        self.deletions[number, list_name] = self.clock.now()
        del self.entries[number, list_name]
        return entry

    def find(self, number: str, list_name: str) -> Listing | None:
        self._admit(Call.FIND)
        self._known(list_name)
        return self.entries.get((number, list_name))

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        self._admit(Call.SEND)
        if sender not in self.list_of:
            raise Rejected("ResourceNotFoundException")
        if (to, self.list_of[sender]) in self.entries:
            raise RecipientOptedOut("DESTINATION_PHONE_NUMBER_OPTED_OUT")
        if self.one_text_a_second:
            self._take(f"to {to}", 1, Call.SEND)
        self.texts.append(SentText(to, sender, body, reference, self.clock.now()))
        return f"message-{len(self.texts)}"

    def remember(self, number: str, list_name: str, *, listed: bool, deleted_at: datetime | None) -> None:
        """What was before: an entry, and when the number had last left the list."""
        if deleted_at is not None:
            self.deletions[number, list_name] = deleted_at
        if listed:
            self.entries[number, list_name] = Listing(at=self.clock.now(), end_user_opted_out=True)

    def is_listed(self, number: str, list_name: str) -> bool:
        """As anybody can see it who does not ask through the API."""
        return (number, list_name) in self.entries

    def held(self, number: str, list_name: str) -> bool:
        """Whether the number has left the list, or any, in the last 30 days."""
        now = self.clock.now()
        return any(
            now - moment < HELD_FOR
            for (deleted, where), moment in self.deletions.items()
            if deleted == number and (where == list_name or not self.hold_counts_per_list)
        )

    def _known(self, list_name: str) -> None:
        if list_name not in self.list_of.values():
            raise Rejected("ResourceNotFoundException")

    def _admit(self, call: Call) -> None:
        if self.quotas is not None:
            self._take(call.value, self.quotas[call], call)
        self.accepted[call, self.clock.now().replace(microsecond=0)] += 1

    def _take(self, name: str, rate: float, call: Call) -> None:
        now = self.clock.now()
        bucket = self._buckets.setdefault(name, _Bucket(rate, max(rate, 1.0), now))
        if not bucket.take(now):
            self.refused[call] += 1
            raise Throttled("ThrottlingException")
