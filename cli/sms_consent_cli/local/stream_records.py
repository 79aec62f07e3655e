"""Stream records with limited retention: DynamoDB keeps them for a day, moto for ever, at 20 kB per write."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

__all__ = ["KEPT", "StreamRecords"]

KEPT = 1_000
"""Records that are kept for other readers of the stream on the AWS port."""


class StreamRecords:
    """Replaces moto's list of records. Indexes remain valid after records are removed."""

    def __init__(self, records: list[Any]) -> None:
        self._forgotten = 0
        self._records = list(records)
        self._lock = Lock()  # threads of the AWS port write while the functions' thread reads

    def append(self, record: Any) -> None:
        """Append a record."""
        with self._lock:
            self._records.append(record)

    def forget_before(self, place: int) -> None:
        """Mark the records before ``place`` as processed. All but the last of them are removed, in chunks."""
        surplus = min(place, len(self) - KEPT) - self._forgotten
        if surplus >= KEPT:
            with self._lock:
                del self._records[:surplus]
                self._forgotten += surplus

    def __len__(self) -> int:
        """Return the number of all records, including removed ones, as moto expects."""
        with self._lock:
            return self._forgotten + len(self._records)

    def __getitem__(self, places: slice) -> list[Any]:
        """Return those records of the slice that are still kept."""
        start, stop, _ = places.indices(len(self))
        with self._lock:
            return self._records[max(start - self._forgotten, 0) : max(stop - self._forgotten, 0)]

    def __delitem__(self, places: slice) -> None:
        """Remove the newest records, from ``places.start`` on: those of a cancelled transaction."""
        with self._lock:
            del self._records[max(places.start - self._forgotten, 0) :]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._records)
