"""Brings what stands on one opt-out list to another, through the ledger: what is known there of a person is never overridden.

A number that leaves its list must find its opt-outs on the new one before it obeys that. Each becomes a decision with the
time at which AWS had put it on the list; so an opt-in that the ledger knows to be newer stands, and a repetition changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.batch_read import consents_by_key
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.phone_number import canonical
from sms_consent.domain.rate_limiter import Call, RateLimiter
from sms_consent.domain.time import to_millisecond
from sms_consent.reconciliation.drift_rules import entry_id
from sms_consent_cli.commands.connect.delivery_check import TEST_SENDER
from sms_consent_cli.commands.connect.target_list import Target
from sms_consent_cli.shared.aws_clock import SteadyClock
from sms_consent_cli.shared.sweep_invoker import PATIENCE, is_open

if TYPE_CHECKING:
    from sms_consent_cli.shared.command_context import CommandContext

__all__ = ["Incomplete", "Tally", "Transfer"]

PAGE = 100
KEYS = 100
"""What BatchGetItem takes."""

Tell = Callable[[int], None]


class Incomplete(Exception):
    """Some numbers are recorded, and not on the list yet: they are due, and SweepFunction puts them there."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"{left} opt-outs are recorded and due, but not on the list yet: SweepFunction puts them there. Run this again"
        )
        self.left = left


@dataclass(slots=True)
class Tally:
    """What was found on the list that is left."""

    seen: int = 0
    missing: int = 0  # not opted out for the other list, as far as the ledger knows
    opted_in_since: int = 0  # a newer opt-in stands: left alone

    def view(self) -> dict[str, int]:
        """For programs."""
        return {"seen": self.seen, "missing": self.missing, "optedInSince": self.opted_in_since}


@dataclass(frozen=True, slots=True)
class _Listed:
    number: str
    entered_at: datetime  # when AWS put it on the list
    at: datetime  # when the person asked, where the ledger knows it to be earlier
    by_end_user: bool | None


class Transfer:
    """From one list to another. Its methods raise TryAgain, Rejected, ClientError or BotoCoreError."""

    def __init__(
        self,
        *,
        context: CommandContext,
        source: Target,
        target: Target,
        timeout: timedelta = PATIENCE,
    ) -> None:
        """``patience`` is how long a copy waits until the list has followed."""
        self._context = context
        self._sms = context.deployment.sms_voice()
        self._dynamodb = context.deployment.dynamodb()
        self._pace = RateLimiter(SteadyClock(), {Call.FIND: context.settings.describe_rate})
        self._source = source
        self._target = target
        self._timeout = timeout

    def compare(self, on_progress: Tell) -> Tally:
        """What a copy would do; nothing is changed."""
        tally = Tally()
        for _ in self._missing(tally, on_progress):
            pass
        return tally

    def copy(self, on_progress: Tell, notice: Callable[[str], None]) -> Tally:
        """Record every one of them, and wait until they are on the list. Raises Incomplete if some are not by then."""
        tally = Tally()
        opened: list[str] = []
        for listed, standing in self._missing(tally, on_progress):
            consent = standing
            if consent is None or consent.status is not Status.OPTED_OUT:
                decision = self._decision(listed)
                consent = self._context.recorder.record(decision, self._target.ledger_name, reply_from=None).consent
            if not consent.settled:
                opened.append(listed.number)
        if left := self._left_of(opened, notice):
            raise Incomplete(left)
        return tally

    def _missing(self, tally: Tally, on_progress: Tell) -> Iterator[tuple[_Listed, Consent | None]]:
        for page in self._pages():
            here = [each for each in page if each.number != TEST_SENDER]  # of a trial, which waits for its 30 days
            numbers = [each.number for each in here]
            standing = self._consents(numbers, self._target)
            left = self._consents(numbers, self._source)
            for each in here:
                tally.seen += 1
                consent, before = standing.get(each.number), left.get(each.number)
                if consent is not None and consent.status is Status.OPTED_OUT and consent.settled:
                    continue
                if _opted_in_since(before, each) or _opted_in_since(consent, each):
                    tally.opted_in_since += 1
                    continue
                tally.missing += 1
                yield _as_known(each, before), consent
            on_progress(tally.seen)

    def _left_of(self, numbers: list[str], notice: Callable[[str], None]) -> int:
        """How many are not on the list after all the patience. A number that was opted in meanwhile is not waited for."""
        opened = numbers

        def look() -> list[Consent]:
            nonlocal opened
            found = [
                consent
                for at in range(0, len(opened), KEYS)
                for consent in self._consents(opened[at : at + KEYS], self._target).values()
                if consent.status is Status.OPTED_OUT and is_open(consent)
            ]
            opened = [consent.number for consent in found]
            return found

        return len(self._context.sweep.follow(look, notice, self._timeout))

    def _decision(self, listed: _Listed) -> Decision:
        """With the list's own time and, as to whether the person themselves had asked, its own word, or the ledger's."""
        return Decision(
            id=entry_id(self._source.ledger_name, listed.entered_at),
            number=listed.number,
            asked=Asked.OPT_OUT,
            at=listed.at,
            author=Author.IMPORT,
            through=f"opt-out list {self._source.name}",
            actor=self._context.caller,
            end_user=listed.by_end_user,
        )

    # --- AWS

    def _pages(self) -> Iterator[list[_Listed]]:
        """At the rate that the deployment was told."""
        place: dict[str, Any] = {}
        while True:
            self._pace.take(Call.FIND)
            page = self._sms.describe_opted_out_numbers(
                OptOutListName=self._source.found.reference, MaxResults=PAGE, **place
            )
            yield [
                _Listed(
                    canonical(each["OptedOutNumber"]) or f"+{each['OptedOutNumber']}",
                    at := to_millisecond(each["OptedOutTimestamp"].astimezone(UTC)),
                    at,
                    each.get("EndUserOptedOut"),
                )
                for each in page["OptedOutNumbers"]
            ]
            if not page.get("NextToken"):
                return
            place = {"NextToken": page["NextToken"]}

    def _consents(self, numbers: list[str], of: Target) -> dict[str, Consent]:
        """Read the consents of one page."""
        keys = [(number, of.ledger_name) for number in numbers]
        found = consents_by_key(self._dynamodb, self._context.deployment.table, keys, self._context.clock)
        return {number: consent for (number, _), consent in found.items()}


def _opted_in_since(consent: Consent | None, listed: _Listed) -> bool:
    """Still on a list by the 30 days alone, or by mistake: the person wants texts."""
    return consent is not None and consent.status is not Status.OPTED_OUT and consent.decided_at > listed.at


def _as_known(listed: _Listed, consent: Consent | None) -> _Listed:
    """Where the ledger itself put the number there, it knows better who had asked, and when."""
    if consent is None or consent.status is not Status.OPTED_OUT:
        return listed
    return replace(listed, at=min(consent.decided_at, listed.at), by_end_user=consent.end_user_opted_out)
