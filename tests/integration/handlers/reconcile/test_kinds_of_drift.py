"""Each kind of drift between list and ledger, made by hand, and its correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.fake_clock import NOON
from support.reconciling import LIST, OTHER, Deployment

from sms_consent.domain.consent import Consent, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Author
from sms_consent.domain.transitions import by_end_user
from sms_consent.reconciliation import drift_rules
from sms_consent.reconciliation.reconciler import State

PERSON = "+14255550182"
ANOTHER = "+14255550183"
HOUR = timedelta(hours=1)


@pytest.fixture
def deployment() -> Deployment:
    """With one list."""
    return Deployment()


def _stopped(deployment: Deployment, number: str = PERSON) -> None:
    deployment.stop(number)
    deployment.clock.advance(HOUR)


def test_lists_that_agree_are_left_alone(deployment: Deployment) -> None:
    """Nothing is written but how far it came."""
    _stopped(deployment)
    before = dict(deployment.ledger.consents)
    assert deployment.reconcile().state is State.FINISHED
    assert deployment.ledger.consents == before
    assert deployment.kinds() == {}


def test_an_opt_out_that_is_not_on_the_list_is_put_back(deployment: Deployment) -> None:
    """AWS lets texts through meanwhile: this is the unsafe side."""
    _stopped(deployment)
    deployment.delete_by_hand(PERSON)
    done = deployment.reconcile()
    assert done.run.counts.drifts[DriftKind.NOT_LISTED] == 1
    assert deployment.kinds() == {PERSON: DriftKind.NOT_LISTED}
    assert deployment.due(PERSON) is Due.OPT_OUT
    deployment.sweep()
    assert deployment.service.is_listed(PERSON, LIST)
    deployment.agree()


def test_an_opt_out_deleted_by_hand_starts_the_30_days(deployment: Deployment) -> None:
    """A START is then not tried at once, and refused, but waits for 30 days from when the number was found missing."""
    _stopped(deployment)
    deployment.delete_by_hand(PERSON)
    deployment.reconcile()
    found = deployment.consent(PERSON).drift_found_at
    deployment.sweep()
    deployment.start(PERSON)
    consent = deployment.consent(PERSON)
    assert found is not None
    assert (consent.status, consent.held_until) == (Status.OPT_IN_PENDING, found + timedelta(days=30))


def test_the_person_stays_the_one_who_asked_when_the_number_is_put_back(deployment: Deployment) -> None:
    """The decision stands as it was."""
    _stopped(deployment)
    before = deployment.consent(PERSON)
    deployment.delete_by_hand(PERSON)
    deployment.reconcile()
    deployment.sweep()
    after = deployment.consent(PERSON)
    assert (after.end_user_opted_out, after.decided_by, after.version) == (True, before.decided_by, before.version)


@pytest.mark.parametrize("end_user", [True, False])
def test_an_unknown_number_on_the_list_is_recorded_as_the_service_has_it(
    deployment: Deployment, end_user: bool
) -> None:
    """Since when, and whether the person themselves had asked; it is on the list already, so nothing is due."""
    since = deployment.clock.now() - timedelta(days=400)
    deployment.put_by_hand(PERSON, at=since, end_user=end_user)
    deployment.reconcile()
    consent = deployment.consent(PERSON)
    assert (consent.status, consent.decided_at, consent.end_user_opted_out) == (Status.OPTED_OUT, since, end_user)
    assert consent.listing == deployment.service.entries[PERSON, LIST]
    assert (consent.due, consent.settled, consent.surely_listed) == (None, True, True)
    assert deployment.kinds() == {PERSON: DriftKind.NOT_RECORDED}


def test_an_imported_number_has_its_evidence(deployment: Deployment) -> None:
    """Author, channel and list stand in the history."""
    deployment.put_by_hand(PERSON, end_user=True)
    deployment.reconcile()
    (entry,) = deployment.ledger.decisions()
    decision = entry.decision
    assert (decision.author, decision.through, decision.reference) == (Author.IMPORT, "opt-out-list", LIST)
    assert by_end_user(decision)


def test_an_imported_number_can_opt_in_later(deployment: Deployment) -> None:
    """It is a consent like any other."""
    deployment.put_by_hand(PERSON, at=deployment.clock.now() - HOUR)
    deployment.reconcile()
    deployment.clock.advance(HOUR)
    deployment.start(PERSON)
    deployment.sweep()
    assert not deployment.service.is_listed(PERSON, LIST)
    deployment.agree()


def test_an_opt_in_that_is_still_on_the_list_is_taken_off(deployment: Deployment) -> None:
    """AWS refuses texts that the person asked for."""
    put_at = deployment.clock.now()
    deployment.clock.advance(HOUR)
    deployment.start(PERSON)
    deployment.put_by_hand(PERSON, at=put_at)
    deployment.clock.advance(HOUR)
    deployment.reconcile()
    assert deployment.kinds() == {PERSON: DriftKind.STILL_LISTED}
    assert deployment.due(PERSON) is Due.OPT_IN
    deployment.sweep()
    assert not deployment.service.is_listed(PERSON, LIST)
    deployment.agree()


def test_an_opt_in_that_is_still_on_the_list_waits_for_the_thirty_days(deployment: Deployment) -> None:
    """A second deletion within them would be refused."""
    deployment.stop(PERSON)
    put_at = deployment.clock.now()
    deployment.clock.advance(HOUR)
    deployment.start(PERSON)
    deleted_at = deployment.consent(PERSON).deleted_at
    deployment.put_by_hand(PERSON, at=put_at)
    deployment.clock.advance(HOUR)
    deployment.reconcile()
    consent = deployment.consent(PERSON)
    assert deleted_at is not None
    assert (consent.status, consent.due_at) == (Status.OPT_IN_PENDING, deleted_at + timedelta(days=30))
    deployment.sweep()
    assert not deployment.service.is_listed(PERSON, LIST)
    deployment.agree()


@pytest.mark.parametrize("end_user", [True, False])
def test_who_was_put_on_the_list_after_an_opt_in_is_opted_out(deployment: Deployment, end_user: bool) -> None:
    """The newest decision counts, whoever made it: perhaps the person, by a STOP that AWS itself answered."""
    deployment.start(PERSON)
    deployment.clock.advance(HOUR)
    deployment.put_by_hand(PERSON, end_user=end_user)
    deployment.clock.advance(HOUR)
    deployment.reconcile()
    consent = deployment.consent(PERSON)
    assert (consent.status, consent.end_user_opted_out) == (Status.OPTED_OUT, end_user)
    assert deployment.kinds() == {PERSON: DriftKind.NOT_RECORDED}
    deployment.sweep()
    assert deployment.service.is_listed(PERSON, LIST)


def test_an_opt_in_whose_evidence_is_still_in_the_outbox_keeps_it(deployment: Deployment) -> None:
    """The import takes its place there: it goes to the history first."""
    deployment.start(PERSON)
    (key, entry), = deployment.ledger.history.items()  # fmt: skip
    del deployment.ledger.history[key]
    standing = deployment.consent(PERSON)
    deployment.ledger.consents[PERSON, LIST] = replace(standing, outbox=entry.decision)
    deployment.clock.advance(HOUR)
    deployment.put_by_hand(PERSON)
    deployment.reconcile()
    asked = [each.decision.id for each in deployment.ledger.decisions()]
    assert (len(asked), asked[0]) == (2, entry.decision.id)


def test_who_was_put_on_the_list_while_an_opt_in_waited_is_opted_out(deployment: Deployment) -> None:
    """Otherwise the opt-in would be released later, against a newer wish."""
    for _ in range(2):
        deployment.stop(PERSON)
        deployment.clock.advance(HOUR)
        deployment.start(PERSON)
        deployment.clock.advance(HOUR)
    assert deployment.consent(PERSON).status is Status.OPT_IN_PENDING
    deployment.clock.advance(HOUR)
    deployment.put_by_hand(PERSON, end_user=True)
    deployment.reconcile()
    assert deployment.consent(PERSON).status is Status.OPTED_OUT
    assert deployment.consent(PERSON).due is None


def test_an_opt_in_that_waits_is_no_difference(deployment: Deployment) -> None:
    """It is on the list, as long as it must be."""
    for _ in range(2):
        deployment.stop(PERSON)
        deployment.clock.advance(HOUR)
        deployment.start(PERSON)
        deployment.clock.advance(HOUR)
    before = deployment.consent(PERSON)
    assert before.status is Status.OPT_IN_PENDING
    deployment.reconcile()
    assert deployment.consent(PERSON) == before


def test_every_list_of_the_deployment_is_read() -> None:
    """A list of another account by its ARN, which is how the ledger names it; what one list says holds for it alone."""
    deployment = Deployment(lists=(LIST, OTHER))
    deployment.stop(PERSON, list_name=OTHER)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON, list_name=OTHER)
    deployment.put_by_hand(PERSON, list_name=LIST)
    deployment.put_by_hand(ANOTHER, list_name=OTHER)
    done = deployment.reconcile()
    found = {(drift.number, drift.list_name): drift.kind for drift in deployment.scan.drifts.values()}
    assert found == {
        (PERSON, OTHER): DriftKind.NOT_LISTED,
        (PERSON, LIST): DriftKind.NOT_RECORDED,
        (ANOTHER, OTHER): DriftKind.NOT_RECORDED,
    }
    assert done.run.counts.pages == 2
    deployment.sweep()
    deployment.agree((LIST, OTHER))


def test_consents_for_a_list_that_is_not_the_deployments_are_left_alone(deployment: Deployment) -> None:
    """Nobody has read it."""
    deployment.stop(PERSON, list_name=OTHER)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON, list_name=OTHER)
    deployment.reconcile()
    assert deployment.kinds() == {}


def test_an_unreadable_list_causes_no_drift() -> None:
    """Neither that its numbers are missing, nor that all is well; the others are read."""
    deployment = Deployment(lists=(OTHER, LIST))
    deployment.stop(PERSON, list_name=OTHER)
    deployment.stop(PERSON)
    deployment.clock.advance(HOUR)
    deployment.delete_by_hand(PERSON)
    deployment.listings.hidden.add(OTHER)
    behind_since = deployment.clock.now()
    done = deployment.reconcile()
    assert (done.state, done.run.unread) == (State.FINISHED, (OTHER,))
    assert {drift.list_name for drift in deployment.scan.drifts.values()} == {LIST}
    assert done.run.behind_since == behind_since


def test_a_dry_run_counts_and_changes_nothing(deployment: Deployment) -> None:
    """Neither ledger, nor list, nor how far a run is."""
    for number in (PERSON, ANOTHER):
        _stopped(deployment, number)
    deployment.delete_by_hand(PERSON)
    deployment.put_by_hand("+14255550184")
    consents, entries = dict(deployment.ledger.consents), dict(deployment.service.entries)
    done = deployment.reconcile(dry=True)
    assert done.run.counts.drifts == {
        DriftKind.NOT_LISTED: 1,
        DriftKind.NOT_RECORDED: 1,
        DriftKind.STILL_LISTED: 0,
    }
    assert (deployment.ledger.consents, deployment.service.entries) == (consents, entries)
    assert (deployment.book.run, deployment.scan.drifts, deployment.ledger.history.keys()) == (
        None, {}, {(number, text, name) for number, text, name in deployment.ledger.history if number != "+14255550184"},
    )  # fmt: skip
    assert set(deployment.calls) <= {"page", "consents", "walk", "find"}


def test_a_dry_run_right_after_a_run_finds_what_is_left(deployment: Deployment) -> None:
    """What that had found is recorded, or due; nothing is completed for it either."""
    _stopped(deployment)
    deployment.delete_by_hand(PERSON)
    deployment.put_by_hand(ANOTHER)
    deployment.reconcile()
    deployment.scan.drifts.clear()
    done = deployment.reconcile(dry=True)
    assert sum(done.run.counts.drifts.values()) == 0
    assert deployment.scan.drifts == {}


def test_reconcile_itself_never_puts_deletes_or_sends(deployment: Deployment) -> None:
    """Sync does, under its lease."""
    for number in (PERSON, ANOTHER):
        _stopped(deployment, number)
    deployment.delete_by_hand(PERSON)
    deployment.reconcile()
    assert not {"put", "delete", "send"} & set(deployment.calls)


def test_drift_of_an_earlier_run_is_not_reported_again(deployment: Deployment) -> None:
    """The marks stay on the consents, and say when."""
    _stopped(deployment)
    deployment.delete_by_hand(PERSON)
    deployment.put_by_hand(ANOTHER)
    deployment.reconcile()
    deployment.sweep()
    deployment.clock.advance(timedelta(days=1))
    done = deployment.reconcile(force=False)
    assert (done.state, sum(done.run.counts.drifts.values())) == (State.FINISHED, 0)
    assert len(deployment.scan.drifts) == 2


AT_WORK: dict[str, dict[str, object]] = {
    "unsettled": {"applied_version": 0},
    "leased": {"lease": "somebody", "lease_until": NOON + HOUR},
    "in flight": {"in_flight_until": NOON + HOUR},
    "deleting": {"deleting": NOON},
    "uncertain deletion": {"uncertain_delete_at": NOON},
    "due": {"due": Due.OPT_OUT, "due_at": NOON + HOUR},
}


@pytest.mark.parametrize("work", sorted(AT_WORK))
@pytest.mark.parametrize("status", [Status.OPTED_OUT, Status.OPTED_IN])
def test_a_number_that_a_worker_is_changing_is_no_drift(work: str, status: Status) -> None:
    """Whatever the list says at this moment may be over in the next."""
    settled = Consent(
        number=PERSON, list_name=LIST, status=status, end_user_opted_out=False, decided_at=NOON - HOUR,
        decided_by="text", applied_version=1,
    )  # fmt: skip
    listing = Listing(at=NOON - 2 * HOUR, end_user_opted_out=False)
    at_work = replace(settled, **AT_WORK[work])  # type: ignore[arg-type]  # fields by name
    assert drift_rules.drift_if_unlisted(settled, NOON) is (
        DriftKind.NOT_LISTED if status is Status.OPTED_OUT else None
    )
    assert drift_rules.drift_if_listed(settled, listing, NOON) is (
        DriftKind.STILL_LISTED if status is Status.OPTED_IN else None
    )
    assert drift_rules.drift_if_unlisted(at_work, NOON) is None
    assert drift_rules.drift_if_listed(at_work, listing, NOON) is None


def test_the_moment_of_our_own_put_need_not_be_given_to_the_same_fraction_of_a_second() -> None:
    """Then it would pass for somebody else's, newer than an opt-in that was decided before it."""
    waiting = Consent(
        number=PERSON, list_name=LIST, status=Status.OPT_IN_PENDING, end_user_opted_out=False, decided_at=NOON - HOUR,
        decided_by="text", applied_version=1, listing=Listing(at=NOON, end_user_opted_out=False), due=Due.OPT_IN,
        due_at=NOON + timedelta(days=30),
    )  # fmt: skip
    again = Listing(at=NOON + timedelta(milliseconds=999), end_user_opted_out=False)
    assert drift_rules.drift_if_listed(waiting, again, NOON + HOUR) is None


@pytest.mark.parametrize("end_user", [True, False])
def test_an_entry_after_a_put_without_response_is_ours_unless_the_person_made_it(end_user: bool) -> None:
    """The opt-in was refused, so the number is on the list, at an unknown time."""
    refused = Consent(
        number=PERSON, list_name=LIST, status=Status.OPT_IN_PENDING, end_user_opted_out=False, decided_at=NOON - HOUR,
        decided_by="text", applied_version=1, listed=True, due=Due.OPT_IN, due_at=NOON + timedelta(days=1),
    )  # fmt: skip
    kind = drift_rules.drift_if_listed(refused, Listing(at=NOON, end_user_opted_out=end_user), NOON + HOUR)
    assert kind is (DriftKind.NOT_RECORDED if end_user else None)
