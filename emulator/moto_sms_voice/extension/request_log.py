"""The log of requests, bounded: a server that runs for days does not fill its memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

KEPT = 100_000
"""So many of the latest calls are kept."""


@dataclass(frozen=True)
class RequestRecord:
    """One call: ``outcome`` is "OK" or the error's code."""

    operation: str
    at: datetime
    outcome: str


class RequestLog:
    """The latest calls of one account in one region. They are numbered from 0 on."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=KEPT)
        self._total = 0

    def add(self, record: RequestRecord) -> None:
        self._records.append(record)
        self._total += 1

    def page(self, start: int = 0, limit: int = KEPT) -> tuple[tuple[RequestRecord, ...], int]:
        """Return at most ``limit`` calls from number ``start``, or from the oldest kept one, and the next page's start."""
        if start < 0 or limit < 1:
            raise ValueError("start must be at least 0, and limit at least 1.")
        dropped = self._total - len(self._records)
        first = min(max(start - dropped, 0), len(self._records))
        found = tuple(islice(self._records, first, first + limit))
        return found, dropped + first + len(found)
