"""What the world saw: every call, what it did, and what must hold at every moment, whoever did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulation.broken import Broken, Property
from simulation.history import Ending

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Decision
from sms_consent.domain.ports import Call
from sms_consent.domain.reply import ReplyState
from sms_consent.sync.reply_sender import ENOUGH

__all__ = ["Attempt", "Exposure", "Key", "Release", "Witness"]

Key = tuple[str, str]
"""A number and a list."""

FIRST_WAIT = {"throttled": 1.0, "unavailable": 5.0, "rejected": 60.0}
LONGEST_WAIT = {"throttled": 60.0, "unavailable": 300.0, "rejected": 300.0}
HELD_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the list or texting."""

    call: Call
    subject: Key
    worker: str
    called: datetime
    answered: datetime
    ending: Ending
    answer: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """A time during which somebody was opted out, by the ledger, and not on the list."""

    key: Key
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A number left the list, which it could have done since some time."""

    key: Key
    possible_at: datetime
    at: datetime


@dataclass(slots=True)
class _Backoff:
    version: int
    failures: int = 0
    not_before: datetime | None = None
    open_failure: tuple[str, datetime, str] | None = (
        None  # worker, time, kind: counts once the worker gave up in writing
    )


class Witness:
    """Keeps what properties are judged by. It knows nothing of how the code under test works."""

    def __init__(
        self,
        is_listed: Callable[[Key], bool],
        now: Callable[[], datetime],
        decided_for: Mapping[str, tuple[Key, ...]],
        everyday: Container[str] = frozenset(),
    ) -> None:
        """``everyday`` are the decisions that count for a person only who opted out before."""
        self._is_listed = is_listed
        self._now = now
        self._decided_for = decided_for
        self._everyday = everyday
        self.standing: dict[Key, Consent] = {}
        self.changed_by: set[tuple[str, Key]] = set()  # decision and consent: what its recording changed
        self.confirmed_by: set[tuple[str, Key]] = set()
        self.superseded: set[tuple[str, Key]] = set()
        self.met_no_chance: set[tuple[str, Key]] = (
            set()
        )  # decisions whose confirmation the list already forbade, or another worker held
        self.newest: dict[Key, tuple[datetime, bool]] = {}
        self.attempts: list[Attempt] = []
        self.withheld: dict[tuple[str, Key], datetime] = {}  # decisions whose confirmation a limit withheld, and when
        self.effective_sends: Counter[str] = Counter()
        self.sent_at: dict[str, datetime] = {}
        self.changed_at: dict[Key, datetime] = {}
        self.releases: list[Release] = []
        self.deletions: dict[Key, datetime] = {}
        self.troubled: set[str] = set()  # numbers about which some call broke off or was denied, or whose worker died
        self.held_up = False  # somebody was throttled, or had no connection: a reply may come too late for its grace
        self.exposures: list[Exposure] = []
        self._exposed_since: dict[Key, datetime] = {}
        self._made_by: dict[Key, str] = {}  # the decision that last changed the status
        self._backoffs: dict[Key, _Backoff] = {}
        self._written_by: dict[tuple[str, Key], int] = {}  # the version that a worker wrote last: what it works for
        self.calls = 0
        self.faults: Counter[Ending] = Counter()

    # --- the ledger

    def saved(self, consent: Consent, worker: str) -> None:
        """A write of a consent took effect."""
        key = consent.number, consent.list_name
        before = self.standing.get(key)
        self.standing[key] = consent
        self._written_by[worker, key] = consent.version
        answer = consent.answer
        if answer is not None and answer.state is ReplyState.SKIPPED and answer.reason == ENOUGH:
            self.withheld.setdefault((answer.decision_id, key), self._now())
        if before is not None and consent.decided_at < before.decided_at:
            raise Broken(Property.AGREEMENT, "an older decision took the place of a newer one")
        if before is None or before.decided_by != consent.decided_by:
            self._decided(before, consent)
        self._gave_up(key, consent, worker)
        self._check_status(key)
        self._check_claim_of_truth(key)
        self._check_due(consent)
        self._expose(key)

    def appended(self, decision: Decision) -> None:
        """A decision took its place in the history."""
        keys = self._decided_for.get(decision.id, ())
        # One that counts for several lists may stand in the history before all of them have followed.
        if len(keys) == 1 and decision.asked in (Asked.OPT_OUT, Asked.OPT_IN):
            self._count(keys[0], decision.at, decision.asked is Asked.OPT_OUT)
            self._check_status(keys[0])

    def _decided(self, before: Consent | None, after: Consent) -> None:
        key = after.number, after.list_name
        if after.decided_by in self._everyday and not _was_opted_out_before(before, after):
            raise Broken(Property.AGREEMENT, "an ordinary answer opted in a person who had not opted out before")
        if before is None or after.version != before.version:
            if before is not None:
                self.superseded.add((self._made_by[key], key))
            self._made_by[key] = after.decided_by
            self.changed_at[key] = self._now()
            self.changed_by.add((after.decided_by, key))
            leased = before is not None and before.lease is not None
            if after.status is Status.OPTED_OUT and (leased or self._is_listed(key)):
                self.met_no_chance.add((after.decided_by, key))
        else:
            self.confirmed_by.add((after.decided_by, key))
        self._count(key, after.decided_at, after.status is Status.OPTED_OUT)

    def _count(self, key: Key, at: datetime, opting_out: bool) -> None:
        known = self.newest.get(key)
        if known is None or (at, opting_out) > known:
            self.newest[key] = at, opting_out

    def _check_status(self, key: Key) -> None:
        consent, newest = self.standing.get(key), self.newest[key]
        if consent is None or (consent.status is Status.OPTED_OUT) is not newest[1]:
            raise Broken(Property.AGREEMENT, "the ledger is not what the newest recorded decision says")

    def _check_claim_of_truth(self, key: Key) -> None:
        consent = self.standing.get(key)
        if consent is None:
            return
        listed = self._is_listed(key)
        settled = consent.applied_version == consent.version
        if (settled and consent.status is Status.OPTED_OUT and not listed) or (
            settled and consent.status is Status.OPTED_IN and listed
        ):
            raise Broken(
                Property.AGREEMENT, f"the ledger takes the list for matching {consent.status}, and it does not"
            )
        if consent.surely_listed and not listed:
            raise Broken(Property.AGREEMENT, "the ledger is sure that the number is on the list, and it is not")

    def _check_due(self, consent: Consent) -> None:
        answer_owed = consent.answer is not None and consent.answer.state is ReplyState.DUE
        open_ = consent.applied_version != consent.version or consent.status is Status.OPT_IN_PENDING
        if (open_ or consent.lease is not None or (answer_owed and consent.status is Status.OPTED_IN)) and (
            consent.due is None or consent.due_at is None
        ):
            raise Broken(Property.DUTY, "work is left, and nothing is due")

    def _gave_up(self, key: Key, consent: Consent, worker: str) -> None:
        backoff = self._backoffs.get(key)
        if backoff is None or backoff.open_failure is None:
            return
        failed, at, kind = backoff.open_failure
        if worker != failed or consent.version != backoff.version:
            return
        backoff.open_failure = None
        if consent.lease is None:
            wait = min(FIRST_WAIT[kind] * 2**backoff.failures, LONGEST_WAIT[kind])
            backoff.failures += 1
            backoff.not_before = at + timedelta(seconds=wait)

    # --- the list and texting

    def about_to(self, call: Call, key: Key) -> None:
        """A worker has decided to make this call now."""
        consent, backoff = self.standing.get(key), self._backoffs.get(key)
        if consent is None or backoff is None or backoff.version != consent.version or call is Call.SEND:
            return
        if backoff.not_before is not None and self._now() < backoff.not_before:
            raise Broken(Property.DUTY, f"{call.value} again before its back-off was over")

    def attempted(self, attempt: Attempt) -> None:
        """The call is over."""
        self.attempts.append(attempt)
        if attempt.answer not in FIRST_WAIT:
            if attempt.call is not Call.SEND:
                self._backoffs.pop(attempt.subject, None)
            return
        self.held_up = True
        consent = self.standing.get(attempt.subject)
        if (
            consent is not None
            and attempt.call is not Call.SEND
            and consent.version
            == self._written_by.get((attempt.worker, attempt.subject))  # else this has not failed yet
        ):
            backoff = self._backoffs.get(attempt.subject)
            if backoff is None or backoff.version != consent.version:
                backoff = self._backoffs[attempt.subject] = _Backoff(consent.version)
            backoff.open_failure = attempt.worker, attempt.answered, attempt.answer

    def reaching_the_service(self, call: Call, key: Key) -> None:
        """A call is about to take effect."""
        if call is Call.DELETE:
            deleted = self.deletions.get(key)
            if deleted is not None and self._now() - deleted < HELD_FOR:
                raise Broken(Property.THIRTY_DAYS, "a second deletion within 30 days")

    def took_effect(self, call: Call, key: Key) -> None:
        """A put or a deletion took effect."""
        if call is Call.DELETE:
            former, asked_at = self.deletions.get(key), self.changed_at.get(key)
            if asked_at is not None:
                possible_at = max(asked_at, former + HELD_FOR) if former is not None else asked_at
                self.releases.append(Release(key, possible_at, self._now()))
            self.deletions[key] = self._now()
        self._check_claim_of_truth(key)
        self._expose(key)

    def text_sent(self, reference: str) -> None:
        """A text left."""
        self.effective_sends[reference] += 1
        self.sent_at[reference] = self._now()
        if self.effective_sends[reference] > 1:
            raise Broken(Property.ANSWERS, "two texts for one decision")

    # --- exposure

    def _expose(self, key: Key) -> None:
        consent = self.standing.get(key)
        exposed = consent is not None and consent.status is Status.OPTED_OUT and not self._is_listed(key)
        if exposed:
            self._exposed_since.setdefault(key, self._now())
        elif key in self._exposed_since:
            self.exposures.append(Exposure(key, self._exposed_since.pop(key), self._now()))


def _was_opted_out_before(before: Consent | None, after: Consent) -> bool:
    return before is not None and before.status is Status.OPTED_OUT and before.decided_at < after.decided_at
