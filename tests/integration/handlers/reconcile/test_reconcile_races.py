"""A change of a number while its list is being read is not reported as drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.reconciling import LIST, Deployment

from sms_consent.domain.consent import DriftKind, Status
from sms_consent.domain.errors import Throttled, Unavailable
from sms_consent.reconciliation.reconciler import State

PERSON = "+14255550182"
HOUR = timedelta(hours=1)


@pytest.fixture
def deployment() -> Deployment:
    """With one list, whose first call is not yet made."""
    return Deployment()


def _once_before(deployment: Deployment, call: str, happens: Callable[[], object]) -> None:
    def at_call(name: str) -> None:
        if name == call:
            deployment.at_call = lambda _: None
            happens()

    deployment.at_call = at_call


def _once_after(deployment: Deployment, call: str, happens: Callable[[], object]) -> None:
    def after_call(name: str) -> None:
        if name == call:
            deployment.after_call = lambda _: None
            happens()

    deployment.after_call = after_call


@pytest.mark.parametrize("moment", ["page", "consents", "walk"])
def test_a_stop_after_the_page_was_read_is_no_drift(deployment: Deployment, moment: str) -> None:
    """It is in the ledger and on the list, and was not on the page."""
    _once_after(deployment, moment, lambda: deployment.stop(PERSON))
    deployment.reconcile()
    assert deployment.kinds() == {}


def test_a_stop_that_was_decided_long_before_and_put_after_the_page_is_no_drift(deployment: Deployment) -> None:
    """Texts arrive late, imports are older than they look: the moment of the put tells."""
    at = deployment.clock.now() - timedelta(days=100)
    _once_after(deployment, "page", lambda: deployment.stop(PERSON, at=at))
    done = deployment.reconcile()
    assert deployment.kinds() == {}
    assert done.run.counts.lookups == 0


def test_a_stop_after_the_page_is_not_looked_up_where_the_service_gives_no_time(deployment: Deployment) -> None:
    """Its entries may lack one; then the decision's own time tells."""
    put = deployment.service.put
    deployment.service.put = lambda *where: replace(put(*where), at=None)  # type: ignore[method-assign]
    _once_after(deployment, "page", lambda: deployment.stop(PERSON))
    assert deployment.reconcile().run.counts.lookups == 0


@pytest.mark.parametrize("moment", ["page", "consents"])
def test_a_start_after_the_page_was_read_is_no_drift(deployment: Deployment, moment: str) -> None:
    """The page had the number, and it left the list meanwhile."""
    deployment.stop(PERSON)
    deployment.clock.advance(HOUR)
    _once_after(deployment, moment, lambda: deployment.start(PERSON))
    deployment.reconcile()
    assert deployment.kinds() == {}
    assert deployment.consent(PERSON).status is Status.OPTED_IN


@pytest.mark.parametrize("moment", ["find", "save"])
def test_a_start_while_a_missing_number_is_looked_up_is_no_drift(deployment: Deployment, moment: str) -> None:
    """The look-up said "not listed" of a state that is over: nothing is said of the new one."""
    deployment.stop(PERSON)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON)
    if moment == "find":
        _once_after(deployment, "find", lambda: deployment.start(PERSON))
    else:
        _once_after(deployment, "find", lambda: _once_before(deployment, "save", lambda: deployment.start(PERSON)))
    deployment.reconcile()
    assert deployment.kinds() == {}
    assert deployment.consent(PERSON).status is not Status.OPTED_OUT


def test_a_stop_while_a_remaining_number_is_looked_up_wins(deployment: Deployment) -> None:
    """The newer decision stands, and nothing makes it due to be deleted."""
    put_at = deployment.clock.now()
    deployment.clock.advance(HOUR)
    deployment.start(PERSON)
    deployment.put_by_hand(PERSON, at=put_at)
    _once_after(deployment, "find", lambda: deployment.stop(PERSON))
    deployment.clock.advance(HOUR)
    deployment.reconcile()
    deployment.sweep()
    assert deployment.consent(PERSON).status is Status.OPTED_OUT
    assert deployment.service.is_listed(PERSON, LIST)


def test_a_stop_while_an_unknown_number_is_recorded_is_kept(deployment: Deployment) -> None:
    """Whoever is recorded by a text is not recorded as imported."""
    deployment.put_by_hand(PERSON)
    _once_after(deployment, "consents", lambda: deployment.stop(PERSON))
    deployment.reconcile()
    assert deployment.kinds() == {}
    assert deployment.consent(PERSON).decided_by.startswith("text-")


def test_a_number_that_comes_back_before_it_is_looked_up_is_no_drift(deployment: Deployment) -> None:
    """Somebody has mended it by hand."""
    deployment.stop(PERSON)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON)
    _once_before(deployment, "find", lambda: deployment.put_by_hand(PERSON))
    done = deployment.reconcile()
    assert deployment.kinds() == {}
    assert done.run.counts.lookups == 1


@pytest.mark.parametrize("kind", ["due", "leased", "landing"])
def test_a_number_in_work_is_no_drift(deployment: Deployment, kind: str) -> None:
    """Its put has not been made, is being made, or may still be carried out: it is not missing, it is on its way."""

    def fails() -> None:
        raise Throttled("for its rate") if kind == "due" else Unavailable("no answer")

    put = deployment.service.put
    deployment.service.put = lambda *_: fails()  # type: ignore[method-assign,assignment,return-value]  # as AWS may
    deployment.stop(PERSON)
    deployment.service.put = put  # type: ignore[method-assign]
    if kind == "leased":
        from sms_consent.domain import transitions as progress
        from sms_consent.domain.consent import Lease

        standing = deployment.consent(PERSON)
        lease = Lease("somebody", deployment.clock.now() + HOUR)
        deployment.ledger.save(progress.leased(standing, lease, deployment.clock.now()), replacing=standing)
    done = deployment.reconcile()
    assert deployment.kinds() == {}
    assert done.run.counts.lookups == 0


def test_sync_may_come_between_two_pages(deployment: Deployment) -> None:
    """Numbers that are put before the place that is being read, and taken off behind it, make no difference."""
    deployment.listings.page_size = deployment.scan.page_size = 3
    people = [f"+1425555{number:04}" for number in range(40)]
    for person in people[:20]:
        deployment.stop(person)
    deployment.clock.advance(HOUR)
    turns = iter(zip(people[20:], people[:20], strict=True))

    def after_call(name: str) -> None:
        if name == "page" and (turn := next(turns, None)) is not None:
            stops, starts = turn
            deployment.stop(stops)
            deployment.start(starts)

    deployment.after_call = after_call
    assert deployment.reconcile().state is State.FINISHED
    assert deployment.kinds() == {}
    deployment.sweep()
    deployment.agree()


def test_throttling_is_waited_out(deployment: Deployment) -> None:
    """Something else uses the same quota; a page that was refused is asked for again."""
    deployment.stop(PERSON)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON)
    refusals = iter(range(5))

    def at_call(name: str) -> None:
        if name in ("page", "find") and next(refusals, None) is not None:
            raise Throttled("ThrottlingException")

    deployment.at_call = at_call
    assert deployment.reconcile().state is State.FINISHED
    assert deployment.kinds() == {PERSON: DriftKind.NOT_LISTED}


def test_pages_and_look_ups_keep_to_one_a_second(deployment: Deployment) -> None:
    """The service in memory refuses what is faster, and nothing is refused."""
    deployment.listings.page_size = 2
    people = [f"+1425555{number:04}" for number in range(12)]
    for person in people:
        deployment.service.entries[person, LIST] = deployment.service.put(person, LIST)
        deployment.clock.advance(timedelta(seconds=1))
    for person in people[:6]:
        deployment.start(person, at=deployment.clock.now() + timedelta(days=1))
    deployment.sweep()
    deployment.clock.advance(timedelta(days=2))
    for person in people[:6]:
        deployment.put_by_hand(person, at=deployment.clock.now() - timedelta(days=30))
    deployment.service.refused.clear()
    done = deployment.reconcile()
    assert (done.run.counts.pages, done.run.counts.lookups) == (6, 6)
    assert not deployment.service.refused


def test_a_list_that_no_longer_knows_the_place_is_read_from_its_beginning(deployment: Deployment) -> None:
    """How long a token holds is not documented; nothing is counted twice."""
    deployment.listings.page_size = 2
    for number in range(7):
        deployment.put_by_hand(f"+1425555{number:04}")

    def forget(name: str) -> None:
        if deployment.calls.count("page") == 3:
            deployment.listings.forgets_places = True
        elif deployment.calls.count("page") == 5:
            deployment.listings.forgets_places = False

    deployment.at_call = forget
    done = deployment.reconcile()
    assert done.state is State.FINISHED
    assert (done.run.counts.listed, done.run.counts.not_recorded) == (7, 7)
    assert len(deployment.kinds()) == 7
