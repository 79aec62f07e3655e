"""Requests from channels other than texts, such as the API and the command line: a decision for each number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import ConsentError, Never, TryAgain
from sms_consent.domain.phone_number import PhoneNumber
from sms_consent.domain.ports import Clock, ConsentLedger, Sender
from sms_consent.domain.time import from_text, text_or_none
from sms_consent.recording.idempotency import IdempotentRequests, RequestKey
from sms_consent.recording.recorder import Recorder

__all__ = ["API", "ChannelRequests", "Request", "RequestOutcome", "Result", "UnknownSender", "result_of"]

API = "api"


class UnknownSender(ConsentError):
    """The sender is not configured, and the deployment serves only configured ones."""


class RequestOutcome(StrEnum):
    """The result of a request for one recipient."""

    DONE = "DONE"
    DEFERRED = "DEFERRED"  # recorded; the list is changed when AWS allows it
    SUPERSEDED = "SUPERSEDED"  # recorded, but a newer decision counts
    INVALID = "INVALID"  # not a number in E.164 form
    FAILED = "FAILED"  # the ledger did not respond: perhaps not recorded; the request can be repeated
    REJECTED = "REJECTED"  # the ledger can neither write nor read it: a repetition fails as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for one or more recipients."""

    asked: Asked
    sender: str
    recipients: tuple[str, ...]
    request_key: RequestKey
    channel: str | None = None  # how the person made the request, such as by a call
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one recipient, whose number is written as in the request."""

    recipient: str
    outcome: RequestOutcome
    consent: Consent | None = None  # None for a repeated request, whose consent is not read
    held_until: datetime | None = None  # when a deferred opt-in is tried
    refused: bool = False  # whether AWS refused it although the ledger knew of no deletion
    error: str | None = None  # the type and reason of a rejection, for the log


class ChannelRequests:
    """Opts recipients out or in, and returns their consents."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        recorder: Recorder,
        idempotency: IdempotentRequests,
        senders: Callable[[str], Sender | None],
        own_list: str | None,
        clock: Clock,
        through: str = API,
        current: Callable[[str, str], Callable[[str], Consent | None]] | None = None,
    ) -> None:
        """Create the service.

        Args:
            ledger: Where consents are stored.
            recorder: Records the decisions.
            idempotency: Recognises repeated requests.
            senders: Returns the settings of a sender.
            own_list: The list of senders without settings; None refuses them.
            clock: The time.
            through: The channel that decisions are recorded with.
            current: Returns a look-up of consents by number, for a sender and its list; by default the list's consent.
        """
        self._ledger = ledger
        self._recorder = recorder
        self._idempotency = idempotency
        self._senders = senders
        self._own_list = own_list
        self._clock = clock
        self._through = through
        self._current = current

    def ask(self, request: Request, *, sync_until: datetime) -> list[Result]:
        """Record a decision for every recipient. Return the results in the order of the recipients. Safe to repeat.

        A repeated opt-in returns its first results and changes nothing. What an interrupted first attempt did not record is
        recorded with the time of that attempt. After ``sync_until`` decisions are only recorded, and sweep makes the list
        calls.

        Raises UnknownSender or TryAgain.
        """
        list_name = self._list_of(request.sender)
        now, opting_in = self._clock.now(), request.asked is Asked.OPT_IN
        first = (self._idempotency.opting_in if opting_in else self._idempotency.opting_out)(request.request_key, now)
        decision = Decision(
            id=first.identity,
            number="",
            asked=request.asked,
            at=first.at,
            author=Author.AGENT,
            through=self._through if request.channel is None else f"{self._through}/{request.channel}",
            actor=request.request_key.actor,
            reference=request.reference or request.request_key.client_id,
        )

        def record(number: str) -> Result:
            in_time = self._clock.now() < sync_until
            consent = self._recorder.record(replace(decision, number=number), list_name, sync_now=in_time).consent
            return result_of(number, request.asked, consent)

        known = {
            recipient: _read(recipient, first.results[str(place)])
            for place, recipient in enumerate(dict.fromkeys(request.recipients))
            if str(place) in first.results
        }
        made = _for_each(request.recipients, record, known)
        with suppress(
            TryAgain, Never
        ):  # a repeat then finds the decisions recorded, and returns the consent of that time
            self._idempotency.store_results(first, _written(made))
        return made

    def check(self, sender: str, recipients: Sequence[str]) -> list[Result]:
        """Return the consents of the recipients. Raises UnknownSender."""
        list_name = self._list_of(sender)
        if self._current is not None:
            current = self._current(sender, list_name)
        else:
            current = partial(self._ledger.consent, list_name=list_name)
        return _for_each(recipients, lambda number: Result(number, RequestOutcome.DONE, current(number)))

    def _list_of(self, sender: str) -> str:
        known = self._senders(sender)
        if known is not None:
            return known.list_name
        if self._own_list is None:
            raise UnknownSender("the sender is not configured")
        return self._own_list


def _for_each(
    recipients: Sequence[str], make: Callable[[str], Result], known: Mapping[str, Result] | None = None
) -> list[Result]:
    """Return a result for each recipient. Each number is processed once; an error for one does not affect the others."""
    made: dict[str, Result] = dict(known or {})
    for recipient in dict.fromkeys(recipients):
        if recipient in made:
            continue
        # A number without its plus may belong to several countries, so only the sender of a text may lack it.
        number = PhoneNumber.parse(recipient)
        if number is None or not number.is_e164:
            made[recipient] = Result(recipient, RequestOutcome.INVALID)
            continue
        try:
            made[recipient] = make(recipient)
        except TryAgain:
            made[recipient] = Result(recipient, RequestOutcome.FAILED)
        except Never as never:
            made[recipient] = Result(recipient, RequestOutcome.REJECTED, error=f"{type(never).__name__}: {never}")
    return [made[recipient] for recipient in recipients]


def result_of(number: str, asked: Asked, consent: Consent) -> Result:
    """Return the result of a recorded request, according to the given consent."""
    held_until = consent.held_until if consent.status is Status.OPT_IN_PENDING else None
    return Result(number, _outcome(asked, consent), consent, held_until, refused=consent.refusal is not None)


def _written(results: Sequence[Result]) -> dict[str, str]:
    """Return the results as text, by the position of the recipient, so that no number is stored.

    Failures are left out, since a repeat may succeed.
    """
    distinct = {result.recipient: result for result in results}
    return {
        str(place): f"{result.outcome} {text_or_none(result.held_until) or '-'} {'refused' if result.refused else '-'}"
        for place, result in enumerate(distinct.values())
        if result.outcome not in {RequestOutcome.FAILED, RequestOutcome.REJECTED}
    }


def _read(recipient: str, written: str) -> Result:
    """Return the result that ``_written`` stored as text."""
    outcome, held_until, refused = written.split(" ")
    return Result(
        recipient,
        RequestOutcome(outcome),
        held_until=from_text(held_until) if held_until != "-" else None,
        refused=refused == "refused",
    )


def _outcome(asked: Asked, consent: Consent) -> RequestOutcome:
    if asked is Asked.OPT_OUT:
        # It counts as soon as it is recorded, also if the list is changed later.
        return RequestOutcome.DONE if consent.status is Status.OPTED_OUT else RequestOutcome.SUPERSEDED
    if consent.status is Status.OPTED_OUT:
        return RequestOutcome.SUPERSEDED
    return RequestOutcome.DONE if consent.status is Status.OPTED_IN and consent.settled else RequestOutcome.DEFERRED
