"""The facts that each write of a consent or a reply thread records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sms_consent.domain import transitions
from sms_consent.domain.consent import Consent, Due, Lease, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import Rejected, Unavailable
from sms_consent.domain.evidence import Fact, FactKind, facts_of, facts_of_thread
from sms_consent.domain.reply import Delivery, RecentReply, Reply, ReplyKind, ReplyState, ReplyThread
from sms_consent.reconciliation import drift_rules

NUMBER = "+14255550182"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = NOON + timedelta(milliseconds=400)
LEASE = Lease("worker", NOON + timedelta(minutes=2))
LISTING = Listing(at=LATER, end_user_opted_out=False)


def _decision(asked: Asked, at: datetime = NOON, name: str = "text") -> Decision:
    return Decision(id=name, number=NUMBER, asked=asked, at=at, author=Author.END_USER, through="+14255550100")


def _decided(asked: Asked, stored: Consent | None = None, at: datetime = NOON, answer: Reply | None = None) -> Consent:
    lease = Lease("worker", at + timedelta(minutes=2))
    name = f"{asked} at {at}"
    changed = transitions.decide(stored, _decision(asked, at, name), "Default", now=at, lease=lease, answer=answer)[1]
    assert changed is not None
    return changed


def _listed(consent: Consent, now: datetime = LATER) -> Consent:
    return transitions.listed(consent, "worker", consent.version, LISTING, now)


def _opted_in(at: datetime = NOON) -> Consent:
    """A consent whose number was deleted from the list at ``at``."""
    opted_out = _listed(_decided(Asked.OPT_OUT, at=at - timedelta(hours=1)))
    opting_in = _decided(Asked.OPT_IN, opted_out, at)
    return transitions.found_unlisted(opting_in, "worker", opting_in.version, deleted_at=at, now=at)


def _one(before: Consent | None, after: Consent, now: datetime = LATER) -> Fact:
    (fact,) = facts_of(before, after)
    return replace(fact, at=now)


def test_a_recorded_request_alone_has_no_further_facts() -> None:
    """The decision is the entry."""
    assert not facts_of(None, _decided(Asked.OPT_OUT))


def test_an_accepted_put_is_recorded_with_the_answer_and_the_delay() -> None:
    """And with the decision that it results from."""
    before = _decided(Asked.OPT_OUT)
    fact = _one(before, _listed(before))
    assert (fact.kind, fact.listing, fact.delay) == (FactKind.LISTED, LISTING, timedelta(milliseconds=400))
    assert (fact.decision_id, fact.list_name, fact.at) == (before.decided_by, "Default", LATER)


def test_a_repeated_stop_on_a_listed_number_adds_no_fact() -> None:
    """Nothing happens to the list."""
    before = _listed(_decided(Asked.OPT_OUT))
    assert not facts_of(before, _decided(Asked.OPT_OUT, before, LATER))


def test_a_put_for_an_older_version_is_a_fact_too() -> None:
    """The list accepted the number, although a newer decision is recorded."""
    before = replace(_decided(Asked.OPT_OUT), version=5)
    assert _one(before, transitions.listed(before, "worker", 4, LISTING, LATER)).kind is FactKind.LISTED


def test_a_removal_is_recorded_with_its_time() -> None:
    """A number that was not listed has none."""
    before = _decided(Asked.OPT_IN, _listed(_decided(Asked.OPT_OUT)), LATER)
    after = transitions.found_unlisted(before, "worker", before.version, deleted_at=LATER, now=LATER)
    assert (_one(before, after).kind, _one(before, after).deleted_at) == (FactKind.REMOVED, LATER)
    after = transitions.found_unlisted(before, "worker", before.version, deleted_at=None, now=LATER)
    assert (_one(before, after).kind, _one(before, after).deleted_at) == (FactKind.REMOVED, None)


def test_a_deferral_and_its_release_are_recorded() -> None:
    """30 days after the last deletion."""
    opted_out = _listed(_decided(Asked.OPT_OUT, _opted_in(), NOON + timedelta(days=1)), NOON + timedelta(days=1))
    at = NOON + timedelta(days=2)
    pending = _decided(Asked.OPT_IN, opted_out, at)
    fact = _one(opted_out, pending, at)
    assert (fact.kind, fact.until) == (FactKind.DEFERRED, NOON + timedelta(days=30))
    due = transitions.leased(pending, LEASE, NOON + timedelta(days=31))
    gone = transitions.found_unlisted(due, "worker", due.version, deleted_at=LATER, now=LATER)
    assert _one(due, gone).kind is FactKind.RELEASED


def test_a_refusal_is_recorded_each_time() -> None:
    """With AWS's reason, and when it is tried again."""
    before = _decided(Asked.OPT_IN, _listed(_decided(Asked.OPT_OUT)), LATER)
    refused = transitions.refused(before, "worker", before.version, "NUMBER_IN_QUARANTINE", LATER)
    fact = _one(before, refused)
    assert (fact.kind, fact.reason) == (FactKind.REFUSED, "NUMBER_IN_QUARANTINE")
    assert fact.until == LATER + timedelta(days=1)
    again = transitions.leased(refused, Lease("worker", LATER), LATER)
    assert (
        _one(again, transitions.refused(again, "worker", again.version, "NUMBER_IN_QUARANTINE", LATER)).kind
        is FactKind.REFUSED
    )


def test_a_rejected_call_is_recorded_once() -> None:
    """A call that only failed is not."""
    before = _decided(Asked.OPT_OUT)
    assert not facts_of(before, transitions.postponed(before, "worker", 1, Unavailable("500"), LATER))
    after = transitions.postponed(before, "worker", 1, Rejected("AccessDeniedException"), LATER)
    fact = _one(before, after)
    assert (fact.kind, fact.reason) == (FactKind.REJECTED, str(Rejected("AccessDeniedException")))
    again = replace(after, lease="worker", lease_until=LATER)
    repeated = transitions.postponed(again, "worker", 1, Rejected("AccessDeniedException"), LATER)
    assert not facts_of(again, repeated)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (Reply.sent, ReplyState.SENT),
        (Reply.skipped, ReplyState.SKIPPED),
        (Reply.failed, ReplyState.FAILED),
        (Reply.unknown, ReplyState.UNKNOWN),
    ],
)
def test_each_end_of_a_reply_is_recorded_once(end: object, state: ReplyState) -> None:
    """With the message's id and the exact words, or the reason why it was not sent."""
    answer = Reply(decision_id="text", kind=ReplyKind.OPT_OUT_CONFIRMATION, sender="+14255550100", until=LATER)
    before = replace(_decided(Asked.OPT_OUT), answer=replace(answer, decision_id=_decided(Asked.OPT_OUT).decided_by))
    assert before.answer is not None
    ended = replace(end(before.answer, "detail"), text="You are opted out.")  # type: ignore[operator]
    after = transitions.answered(before, Delivery(ended))
    fact = _one(before, after)
    assert (fact.kind, fact.state, fact.text) == (FactKind.REPLIED, state, "You are opted out.")
    assert "detail" in {fact.message_id, fact.reason}
    assert not facts_of(after, replace(after, revision=9))


def test_a_reply_that_was_sent_for_a_replaced_request_is_a_fact_too() -> None:
    """Another decision came in between, with or without a reply to it."""
    answer = Reply(decision_id="text", kind=ReplyKind.OPT_OUT_CONFIRMATION, sender="+14255550100", until=LATER)
    sent = replace(answer.sent("m-1"), text="You are opted out.")
    before = replace(_decided(Asked.OPT_OUT), answer=None)
    after = transitions.answered(before, Delivery(sent, RecentReply(LATER, "digest", sent.kind, sent)))
    fact = _one(before, after)
    assert (fact.kind, fact.decision_id, fact.message_id) == (FactKind.REPLIED, "text", "m-1")
    assert not facts_of(after, replace(after, revision=9))


def test_the_replies_of_a_thread_are_facts() -> None:
    """To HELP, or the question about an unclear text."""
    answer = Reply(decision_id="text", kind=ReplyKind.HELP, sender="+14255550100", until=LATER).claimed("worker")
    before = ReplyThread(number=NUMBER, answer=answer, asked_at=NOON, recent=())
    assert not facts_of_thread(None, before)
    sent = replace(answer.sent("m-1"), text="Help.", sent_from="agent")
    (fact,) = facts_of_thread(before, replace(before, answer=sent))
    assert (fact.reply, fact.message_id, fact.text, fact.sender) == (ReplyKind.HELP, "m-1", "Help.", "agent")


def test_drift_is_recorded_with_the_entry_that_was_found() -> None:
    """Then its correction, like any other change of the list."""
    found = drift_rules.recorded_from_list(None, NUMBER, "Default", LISTING, LATER)
    fact = _one(None, found)
    assert (fact.kind, fact.drift, fact.listing, fact.status) == (FactKind.DRIFT, found.drift, LISTING, None)
    missing = drift_rules.with_put_due(_listed(_decided(Asked.OPT_OUT)), LATER)
    fact = _one(_listed(_decided(Asked.OPT_OUT)), missing)
    assert (fact.kind, fact.listing, fact.status) == (FactKind.DRIFT, None, Status.OPTED_OUT)
    put = transitions.leased(missing, LEASE, LATER)
    assert put.due is Due.OPT_OUT
    assert _one(put, transitions.listed(put, "worker", put.version, LISTING, LATER)).kind is FactKind.LISTED
