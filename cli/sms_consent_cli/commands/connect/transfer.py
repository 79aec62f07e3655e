"""Copying of opt-out list entries to another list through the ledger, without overriding newer decisions.

Before a number uses a new list, the opt-outs of its old list must be on it. Each becomes a decision at the time at which AWS
added it to the list. So a newer opt-in in the ledger wins, and a repetition changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.adapters.dynamodb.batch_read import consents_by_key
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.phone_number import canonical
from sms_consent.domain.ports import Call
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
"""Keys in one BatchGetItem."""

Tell = Callable[[int], None]


class Incomplete(Exception):
    """Some numbers are recorded but not on the list yet. They are due, and SweepFunction adds them."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"{left} opt-outs are recorded and due, but not on the list yet: SweepFunction puts them there. Run this again"
        )
        self.left = left


@dataclass(slots=True)
class Tally:
    """Counts of the old list's numbers, by what has to be copied."""

    seen: int = 0
    missing: int = 0  # not opted out for the other list in the ledger
    opted_in_since: int = 0  # a newer opt-in applies: not copied

    def view(self) -> dict[str, int]:
        """Return the counts for JSON."""
        return {"seen": self.seen, "missing": self.missing, "optedInSince": self.opted_in_since}


@dataclass(frozen=True, slots=True)
class _Listed:
    number: str
    entered_at: datetime  # when AWS put it on the list
    at: datetime  # when the person asked, where the ledger knows it to be earlier
    by_end_user: bool | None


class Transfer:
    """A copy from one list to another. Methods raise TryAgain, Rejected, ClientError or BotoCoreError."""

    def __init__(
        self,
        *,
        context: CommandContext,
        source: Target,
        target: Target,
        timeout: timedelta = PATIENCE,
    ) -> None:
        """Set up the copy. ``timeout`` is how long to wait until the numbers are on the list."""
        self._context = context
        self._sms = context.deployment.sms_voice()
        self._dynamodb = context.deployment.dynamodb()
        self._rate_limiter = QuotaRateLimiter(SteadyClock(), {Call.FIND: context.settings.describe_rate})
        self._source = source
        self._target = target
        self._timeout = timeout

    def compare(self, on_progress: Tell) -> Tally:
        """Count what a copy would do. Changes nothing."""
        tally = Tally()
        for _ in self._missing(tally, on_progress):
            pass
        return tally

    def copy(self, on_progress: Tell, notice: Callable[[str], None]) -> Tally:
        """Record every missing opt-out, and wait until they are on the list. Raises Incomplete if some are not."""
        tally = Tally()
        opened: list[str] = []
        for listed, standing in self._missing(tally, on_progress):
            consent = standing
            if consent is None or consent.status is not Status.OPTED_OUT:
                decision = self._decision(listed)
                consent = self._context.recorder.record(decision, self._target.ledger_name, reply_from=None).consent
            if not consent.settled:
                opened.append(listed.number)
        if left := self._wait_for_list(opened, notice):
            raise Incomplete(left)
        return tally

    def _missing(self, tally: Tally, on_progress: Tell) -> Iterator[tuple[_Listed, Consent | None]]:
        for page in self._pages():
            here = [
                each for each in page if each.number != TEST_SENDER
            ]  # left by a delivery test, until its 30 days are over
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
                yield _with_ledger_data(each, before), consent
            on_progress(tally.seen)

    def _wait_for_list(self, numbers: list[str], notice: Callable[[str], None]) -> int:
        """Wait, and return how many numbers are still not on the list. Numbers that were opted in meanwhile do not count."""
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
        """Return a decision at the list entry's time.

        Whether the person asked themselves is taken from the list, or from the ledger.
        """
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
        """Yield the list's pages, at the deployment's rate."""
        place: dict[str, Any] = {}
        while True:
            self._rate_limiter.take(Call.FIND)
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
    """Return whether the person opted in after the list entry, so that the entry remains for the 30 days or by mistake."""
    return consent is not None and consent.status is not Status.OPTED_OUT and consent.decided_at > listed.at


def _with_ledger_data(listed: _Listed, consent: Consent | None) -> _Listed:
    """Return the entry with the ledger's time and author, if the entry results from a decision in the ledger."""
    if consent is None or consent.status is not Status.OPTED_OUT:
        return listed
    return replace(listed, at=min(consent.decided_at, listed.at), by_end_user=consent.end_user_opted_out)
