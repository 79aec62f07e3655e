"""Idempotency: recognises repeated requests, so that they change nothing twice.

Microsoft's client repeats a failed request byte by byte: same date, same signature, same ``x-ms-client-request-id``. An
attacker who captured a request can do the same, and can change the id, which is not signed. So an opt-in is recognised by its
signature and by its id: either way it keeps its first time, decision id and results for longer than a signature is valid. An
opt-out is recognised by its id alone: with a new id it always counts, since opted out is the safe side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

__all__ = ["FirstRequest", "IdempotencyStore", "IdempotentRequests", "RequestKey", "RequestRecord"]

REMEMBERED_FOR = timedelta(hours=1)
"""Longer than a signature is valid (five minutes before and after its date), and than any client retries."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """When a request first arrived, and the id of its decisions, which earlier releases did not store."""

    at: datetime
    identity: str | None


class IdempotencyStore(Protocol):
    """Stores recent requests. Reads are consistent. Every method raises TryAgain or Rejected."""

    def store(self, name: str, record: RequestRecord, now: datetime, until: datetime) -> RequestRecord | None:
        """Write a record that expires at ``until``. If one is stored already, return that one and write nothing."""

    def store_results(self, identity: str, results: Mapping[str, str], until: datetime) -> None:
        """Write the results of a request, replacing earlier ones."""

    def results(self, identity: str, now: datetime) -> Mapping[str, str]:
        """Return the stored results of a request, by position of the recipient; empty if there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """The values by which a repeated request is recognised."""

    actor: str
    content: str  # a digest of the request's content
    once: str  # unique per request: the gateway's id
    client_id: str | None  # the client's id, the same on a repeat
    signature: str | None  # a digest of it, where requests are signed
    valid_for: timedelta = timedelta()  # how long the signature is valid, if that is more than minutes

    @property
    def identity(self) -> str:
        """The id of the request's decisions. It is the same on a repeat if the client sends the same id."""
        distinguished_by = self.once if self.client_id is None else f"client {self.client_id}"
        return "api-" + _digest(self.actor, self.content, distinguished_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRequest:
    """A request at the time at which it first arrived, with its decision id and known results."""

    at: datetime
    identity: str
    results: Mapping[str, str] = field(default_factory=dict)  # by recipient's position
    until: datetime | None = None  # how long to store results; None if they are not needed


class IdempotentRequests:
    """Recognises repeated requests. Its methods raise TryAgain or Rejected."""

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store

    def opting_out(self, request_key: RequestKey, now: datetime) -> FirstRequest:
        """Return this opt-out with the time at which it first arrived: ``now``, unless its id is known."""
        stored = None
        if request_key.client_id is not None:
            own = RequestRecord(now, request_key.identity)
            stored = self._store.store(request_key.identity, own, now, now + REMEMBERED_FOR)
        return FirstRequest(at=stored.at if stored is not None else now, identity=request_key.identity)

    def opting_in(self, request_key: RequestKey, now: datetime) -> FirstRequest:
        """Return this opt-in with its results and the time at which it first arrived: ``now``, unless its id or signature
        is known."""
        until = now + max(REMEMBERED_FOR, request_key.valid_for)
        names = [request_key.identity] if request_key.client_id is not None else []
        names += [f"signature {request_key.signature}"] if request_key.signature is not None else []
        first, known = RequestRecord(now, request_key.identity), False
        for name in names:  # the signature last, so that it is stored with the request that has the id
            stored = self._store.store(name, first, now, until)
            if stored is not None and (not known or stored.at < first.at):
                first, known = stored, True
        identity = first.identity or request_key.identity
        results = self._store.results(identity, now) if known else {}
        return FirstRequest(at=first.at, identity=identity, results=results, until=until if names else None)

    def store_results(self, first: FirstRequest, results: Mapping[str, str]) -> None:
        """Store the results of a request for its repeats."""
        if first.until is not None and results != first.results:
            self._store.store_results(first.identity, results, first.until)


def _digest(*parts: str) -> str:
    content = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()[:32]
