"""Is this request one that was already made? A repeated one keeps its time and its id, so that it changes nothing twice.

Microsoft's client repeats a request that failed byte by byte: same date, same signature, same ``x-ms-client-request-id``.
So a repeat cannot be refused for its signature. A signature that comes again under another id is refused instead: the id
is not signed, and whoever had caught a request could make a new one of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_consent.errors import ConsentError
from sms_consent.ports import Receipts

__all__ = ["Arrival", "Repeats", "Replayed"]

REMEMBERED_FOR = timedelta(hours=1)
"""Longer than a signature is valid and longer than any client goes on trying."""
SAME_MOMENT = timedelta(seconds=5)
"""Dates are signed to the second, so two requests with one body made within it bear one signature, and both are meant."""


class Replayed(ConsentError):
    """The signature of another request, made a while ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as it came in."""

    actor: str
    content: str  # a digest of what is asked
    once: str  # differs with each arrival: the gateway's own id
    client_id: str | None  # the client's own, the same on a repeat
    signature: str | None  # a digest of it, where requests are signed with an access key

    @property
    def identity(self) -> str:
        """The id of the decisions that come of it: the same on a repeat, if the client says so."""
        told_apart_by = self.once if self.client_id is None else f"client {self.client_id}"
        return "api-" + _digest(self.actor, self.content, told_apart_by)


class Repeats:
    """Knows the requests of the last while."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts

    def first_seen(self, arrival: Arrival, now: datetime) -> datetime:
        """When this request first arrived: now, unless it is a repeat. Raises Replayed, or TryAgain."""
        until = now + REMEMBERED_FOR
        if arrival.signature is not None:
            signed = self._receipts.keep("signature " + arrival.signature, now, until)
            if now - signed > SAME_MOMENT:
                known = self._receipts.find(arrival.identity, now) if arrival.client_id is not None else None
                if known is None:
                    raise Replayed("a signature is good for the requests of one moment")
                return known
        return self._receipts.keep(arrival.identity, now, until) if arrival.client_id is not None else now


def _digest(*parts: str) -> str:
    content = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()[:32]
