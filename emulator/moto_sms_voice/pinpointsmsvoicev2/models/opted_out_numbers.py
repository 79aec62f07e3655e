"""An opt-out list, its entries, and the 30-day rule of their deletion."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..exceptions import ResourceNotFoundError, ServiceError
from ..utils import e164
from .resource import Resource

OPTED_OUT_NUMBER = "opted-out-number"
# DeleteOptedOutNumber: "Each destination phone number can only be deleted once every 30 days."
DELETED_ONCE_IN = timedelta(days=30)


@dataclass(frozen=True)
class OptedOutNumber:
    """One entry. Attributes have the names of the members of the API's results."""

    opt_out_list_arn: str
    opt_out_list_name: str
    opted_out_number: str
    opted_out_timestamp: datetime
    end_user_opted_out: bool


class OptOutList(Resource):
    """An opt-out list."""

    resource_type = "opt-out-list"

    def __init__(self, name: str, arn: str, created: datetime, tags: list[dict[str, str]] | None = None) -> None:
        self.opt_out_list_name = name
        self.opt_out_list_arn = arn
        self.created_timestamp = created
        self.tags = tags  # as in the response of CreateOptOutList; the tagger has the current ones
        self._entries: dict[str, OptedOutNumber] = {}
        self._sorted: list[str] = []
        self._deleted: dict[str, datetime] = {}

    @property
    def identifier(self) -> str:
        return self.opt_out_list_name

    def __contains__(self, number: str) -> bool:
        return e164(number) in self._entries

    @property
    def numbers(self) -> Sequence[str]:
        """Return the numbers on the list, sorted."""
        return self._sorted

    def get(self, number: str) -> OptedOutNumber:
        try:
            return self._entries[e164(number)]
        except KeyError:
            raise ResourceNotFoundError(OPTED_OUT_NUMBER, e164(number)) from None

    def add(self, number: str, now: datetime, *, by_end_user: bool) -> OptedOutNumber:
        """Add a number to the list. Repeating it raises no error.

        Whether the real service then keeps the first timestamp, or an earlier ``EndUserOptedOut`` of true, is not
        known. Here it keeps both, and an end user's own opt-out makes it true.
        """
        number = e164(number)
        entry = self._entries.get(number)
        if entry is None:
            insort(self._sorted, number)
        self._entries[number] = OptedOutNumber(
            opt_out_list_arn=self.opt_out_list_arn,
            opt_out_list_name=self.opt_out_list_name,
            opted_out_number=number,
            opted_out_timestamp=entry.opted_out_timestamp if entry else now,
            end_user_opted_out=by_end_user or (entry is not None and entry.end_user_opted_out),
        )
        return self._entries[number]

    def remove(self, number: str) -> OptedOutNumber:
        entry = self.get(number)
        del self._entries[entry.opted_out_number]
        del self._sorted[bisect_left(self._sorted, entry.opted_out_number)]
        return entry

    def remove_once_in_30_days(self, number: str, now: datetime, refusal: ServiceError) -> OptedOutNumber:
        """Remove a number by API, and return its entry with the time of the removal.

        The 30 days count per number and list; how the service counts is not documented.
        """
        entry = self.get(number)
        deleted = self._deleted.get(entry.opted_out_number)
        if deleted is not None and now - deleted < DELETED_ONCE_IN:
            raise refusal
        self._deleted[entry.opted_out_number] = now
        return replace(self.remove(number), opted_out_timestamp=now)
