"""Decides how much of a table's stream is remembered: DynamoDB forgets after a day, moto never, at 20 kB a write of ours."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

__all__ = ["KEPT", "StreamRecords"]

KEPT = 1_000
"""For whoever reads the stream on the AWS port beside the functions."""


class StreamRecords:
    """Stands where moto has a list, and like it gives every record the place at which it came."""

    def __init__(self, records: list[Any]) -> None:
        self._forgotten = 0
        self._records = list(records)
        self._alone = Lock()  # the AWS port's threads write while the functions' thread reads

    def append(self, record: Any) -> None:
        """The next record."""
        with self._alone:
            self._records.append(record)

    def forget_before(self, place: int) -> None:
        """Those before it are handed over; the last of them are kept for a while, and the others go some at a time."""
        surplus = min(place, len(self) - KEPT) - self._forgotten
        if surplus >= KEPT:
            with self._alone:
                del self._records[:surplus]
                self._forgotten += surplus

    def __len__(self) -> int:
        """With the forgotten ones: moto counts on."""
        with self._alone:
            return self._forgotten + len(self._records)

    def __getitem__(self, places: slice) -> list[Any]:
        """What is left of them."""
        start, stop, _ = places.indices(len(self))
        with self._alone:
            return self._records[max(start - self._forgotten, 0) : max(stop - self._forgotten, 0)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._records)
