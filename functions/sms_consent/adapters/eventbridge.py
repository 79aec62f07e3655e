"""An EventBridge bus as the ``EventBus`` port.

Limits and errors: docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html and API_PutEventsResultEntry.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.adapters.error_mapping import translation_of
from sms_consent.domain.errors import Rejected, Throttled, TryAgain, Unavailable, Unreadable
from sms_consent.domain.events import EventEnvelope

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef, PutEventsResultEntryTypeDef

__all__ = ["MOST_BYTES", "SOURCE", "EventBridgeBus", "Failure"]

SOURCE = "sms-consent"
MOST_BYTES = 256 * 1024 - 1
"""The most bytes of all entries of a request, counted as EventBridge counts them. It requires less than 256 KB."""

Failure = TryAgain | Rejected | Unreadable

_TRANSIENT = {"InternalFailure": Unavailable, "InternalException": Unavailable, "ThrottlingException": Throttled}
_NEVER = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException"})
"""Codes for a wrong event. Other codes concern the deployment, which may be repaired."""


class EventBridgeBus:
    """Publishes events. Messages of its errors may quote an event, so only their codes are kept."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, notices: Sequence[EventEnvelope]) -> list[Failure | None]:
        """Return a result for each event, in order: None if it was accepted. One failed entry does not affect the others."""
        answers: dict[int, Failure | None] = {}
        entries = [self._entry(notice) for notice in notices]
        for request in _requests(entries, answers):
            answers.update(zip(request, self._send([entries[place] for place in request]), strict=True))
        return [answers[place] for place in range(len(notices))]

    def _send(self, entries: list[PutEventsRequestEntryTypeDef]) -> list[Failure | None]:
        try:
            results = self._client.put_events(Entries=entries)["Entries"]
        except (ClientError, BotoCoreError) as error:
            failure = translation_of(error)
            if not isinstance(failure, Rejected) or failure.code not in _NEVER:
                return [failure] * len(entries)
            if len(entries) == 1:
                return [Unreadable(f"the event bus never takes it: {failure.code}")]
            return [
                answer for entry in entries for answer in self._send([entry])
            ]  # one at a time, to find the one that failed
        return [_failure(result) for result in results]

    def _entry(self, notice: EventEnvelope) -> PutEventsRequestEntryTypeDef:
        entry: PutEventsRequestEntryTypeDef = {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": notice.event.type.value,
            "Detail": json.dumps(notice.event.detail, ensure_ascii=False, separators=(",", ":")),
        }
        if notice.changed_at is not None:
            # The time of the change in the ledger, not of the decision: an archive is replayed by this time.
            entry["Time"] = notice.changed_at
        if notice.ledger is not None:
            entry["Resources"] = [notice.ledger]
        return entry


def _requests(
    entries: Sequence[PutEventsRequestEntryTypeDef], answers: dict[int, Failure | None]
) -> Iterator[list[int]]:
    """Yield, for each request, the positions of its entries. An entry that is too large gets its failure in ``answers``."""
    request: list[int] = []
    room = MOST_BYTES
    for place, entry in enumerate(entries):
        size = _size(entry)
        if size > MOST_BYTES:
            answers[place] = Unreadable("an event larger than the event bus takes")
            continue
        if size > room:
            yield request
            request, room = [], MOST_BYTES
        request.append(place)
        room -= size
    if request:
        yield request


def _size(entry: PutEventsRequestEntryTypeDef) -> int:
    """Return the size of an entry in bytes (docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html: a time
    counts as fourteen)."""
    texts = [entry["Source"], entry["DetailType"], entry["Detail"], *entry.get("Resources", ())]
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + (14 if "Time" in entry else 0)


def _failure(result: PutEventsResultEntryTypeDef) -> Failure | None:
    code = result.get("ErrorCode")
    if code is None:
        return None
    if code in _NEVER:
        return Unreadable(f"the event bus never takes it: {code}")
    transient = _TRANSIENT.get(code)
    return transient(code) if transient is not None else Rejected(code)
