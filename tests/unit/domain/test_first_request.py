"""Since when a person has been opted out: the first request since their newest opt-in, and how many there were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.transitions import decide, moved_back

NUMBER = "+14255550182"
JANUARY = datetime(2026, 1, 10, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def _decision(asked: Asked, day: int, author: Author = Author.END_USER) -> Decision:
    at = JANUARY + timedelta(days=day)
    return Decision(id=f"{asked} {day}", number=NUMBER, asked=asked, at=at, author=author, through="+14255550100")


def _after(*decisions: Decision, stored: Consent | None = None) -> Consent:
    for each in decisions:
        stored = decide(stored, each, "Default", now=NOW, lease=None, answer=None)[1] or stored
    assert stored is not None
    return stored


def _out(day: int, author: Author = Author.END_USER) -> Decision:
    return _decision(Asked.OPT_OUT, day, author)


def _in(day: int) -> Decision:
    return _decision(Asked.OPT_IN, day)


def _day(consent: Consent) -> int:
    return (consent.since - JANUARY).days


def test_a_repeated_stop_does_not_move_since() -> None:
    """The latest request is kept beside it."""
    consent = _after(_out(0), _out(300))
    assert (_day(consent), consent.asked_out_count) == (0, 2)
    assert consent.asked_out_at == consent.decided_at == JANUARY + timedelta(days=300)


def test_after_an_opt_in_the_new_stop_is_the_first_request() -> None:
    """The earlier opt-out is in the history."""
    consent = _after(_out(0), _out(1), _in(2))
    assert (consent.first_asked_out_at, consent.asked_out_count, _day(consent)) == (None, 0, 2)
    assert (_day(_after(_out(5), stored=consent)), _after(_out(5), stored=consent).asked_out_count) == (5, 1)


def test_the_order_of_arrival_does_not_matter() -> None:
    """Requests by anybody count: the person has been opted out since."""
    for order in permutations([_out(0, Author.AGENT), _out(3), _out(7, Author.IMPORT)]):
        assert _day(_after(*order)) == 0
    for order in permutations([_out(0), _in(3), _out(7)]):
        consent = _after(*order)
        assert (_day(consent), consent.asked_out_count) == (7, 1)


def test_a_redelivered_request_is_not_counted_twice() -> None:
    """Whether it is the newest or was found in the history; older imports are never looked up."""
    consent = _after(_out(0), _out(3))
    assert _after(_out(3), stored=consent).asked_out_count == 2
    late = decide(consent, _out(0), "Default", now=NOW, lease=None, answer=None, repeated=True)[1] or consent
    assert late.asked_out_count == 2
    assert _after(_out(1, Author.IMPORT), stored=consent).asked_out_count == 2


def test_an_earlier_copy_of_the_first_request_moves_since_back() -> None:
    """Its earliest time counts."""
    consent = _after(_out(5))
    earlier = moved_back(consent, Decision(**{**_fields(_out(5)), "at": JANUARY}), None, undecided=False, now=NOW)
    assert _day(earlier) == 0


def _fields(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in ("id", "number", "asked", "author", "through")}


@pytest.mark.parametrize(("status", "since"), [(Status.OPTED_OUT, 4), (Status.OPTED_IN, 4)])
def test_a_consent_of_an_older_version_has_the_time_of_its_newest_decision(status: Status, since: int) -> None:
    """That is all that it holds. From the next request on, it is the first one known."""
    at = JANUARY + timedelta(days=4)
    old = Consent(
        number=NUMBER, list_name="Default", status=status, end_user_opted_out=True, decided_at=at, decided_by="old"
    )
    assert _day(old) == since
    again = _after(_out(9), stored=old)
    assert (_day(again), again.asked_out_count) == ((4, 2) if status is Status.OPTED_OUT else (9, 1))


def test_an_opt_in_that_an_earlier_release_recorded_ends_the_period() -> None:
    """That release keeps the attribute, and does not know it."""
    at = JANUARY + timedelta(days=4)
    consent = Consent(
        number=NUMBER, list_name="Default", status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=at, decided_by="old",
        first_asked_out_at=JANUARY, asked_out_count=3, opted_in_at=JANUARY + timedelta(days=2),
    )  # fmt: skip
    assert _day(consent) == 4
