"""The history in sentences: one line for each request, in order of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sms_consent.domain.consent import Consent, Drift, DriftKind, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState, ReplyThread
from sms_consent.queries.history import Entry
from sms_consent_cli.shared.narrative import Narrative, NumberHistory

AT = datetime(2026, 11, 3, 14, 2, 11, tzinfo=UTC)
OURS, PERSON = "+12125550101", "+14255550182"
STOP = Decision(
    id="stop", number=PERSON, asked=Asked.OPT_OUT, at=AT, author=Author.END_USER, through=OURS,
    tier="COMPANY", rule="keyword-with-company", matched="Stop", body="Stop. Thanks",
)  # fmt: skip
OPTED_OUT = Consent(
    number=PERSON, list_name="Default", status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=AT,
    decided_by="stop", applied_version=1, listed=True,
    listing=Listing(at=AT + timedelta(seconds=0.4), end_user_opted_out=False),
)  # fmt: skip


def answer(decision: str, state: ReplyState = ReplyState.SENT, reason: str | None = None) -> Reply:
    return Reply(
        decision_id=decision, kind=ReplyKind.OPT_OUT_CONFIRMATION, language="en", sender=OURS, until=AT, state=state,
        reason=reason,
    )  # fmt: skip


def recorded(decision: Decision, outcome: Outcome | None = Outcome.CHANGED) -> Entry:
    return Entry(decision, outcome, decision.at if outcome is not None else None)


def told(*entries: Entry, consents: tuple[Consent, ...] = (), show_texts: bool = False, **more: Any) -> list[str]:
    person = NumberHistory(
        PERSON, entries, consents, more.get("letters", ()), more.get("drifts", ()), facts=more.get("facts", ())
    )
    return [line.text for line in Narrative(person, show_texts=show_texts).lines()]


def test_a_stop_reads_from_the_text_to_its_confirmation() -> None:
    """Request, rule and result."""
    consent = replace(OPTED_OUT, answer=answer("stop"))
    assert told(recorded(STOP), consents=(consent,), show_texts=True) == [
        f"texted “Stop. Thanks” to {OURS}: opted out by rule keyword-with-company (“Stop”), on the list 0.4 s later, confirmed"
    ]


def fact(kind: FactKind, seconds: float = 0.0, decision: str = "stop", **details: Any) -> Fact:
    at = AT + timedelta(seconds=seconds)
    return Fact(kind=kind, number=PERSON, at=at, list_name="Default", decision_id=decision, **details)


def test_facts_stay_with_the_decision_that_they_result_from() -> None:
    """Also after a later START: on the list 0.4 s later, confirmed; then off the list."""
    start = replace(STOP, id="start", asked=Asked.OPT_IN, at=AT + timedelta(hours=1), rule=None)
    opted_in = replace(OPTED_OUT, status=Status.OPTED_IN, decided_at=start.at, decided_by="start", listed=False)
    facts = (
        fact(FactKind.LISTED, 0.5, listing=Listing(at=AT + timedelta(seconds=0.4))),
        fact(FactKind.REPLIED, 0.5, state=ReplyState.SENT, text="You are opted out."),
        fact(FactKind.REMOVED, 3602, "start", deleted_at=start.at + timedelta(seconds=2)),
        fact(FactKind.REPLIED, 3602, "start", state=ReplyState.SKIPPED, reason="not sent in time"),
    )
    first, second = told(recorded(STOP), recorded(start), consents=(opted_in,), facts=facts)
    assert first.endswith("on the list 0.4 s later, confirmed")
    assert second.endswith("opted in, off the list 2.0 s later, not confirmed (not sent in time)")
    first, _ = told(recorded(STOP), recorded(start), consents=(opted_in,), facts=facts, show_texts=True)
    assert first.endswith("confirmed “You are opted out.”")


def test_refusals_are_listed_in_order() -> None:
    """With AWS's reason, and the release that came of it."""
    start = replace(STOP, id="start", asked=Asked.OPT_IN, rule=None)
    facts = (
        fact(FactKind.REFUSED, 1, "start", reason="OPT_IN_NOT_ALLOWED", until=AT + timedelta(days=1)),
        fact(FactKind.RELEASED, 86402, "start", deleted_at=AT + timedelta(days=1)),
    )
    (line,) = told(recorded(start), facts=facts)
    assert line.endswith(
        "opted in, refused by AWS (OPT_IN_NOT_ALLOWED), tried again on 4 Nov 2026, off the list 24 h later"
    )


def test_an_erasure_is_shown() -> None:
    """The history before it is gone."""
    erased = Fact(kind=FactKind.ERASED, number=PERSON, at=AT, actor="arn:aws:iam::123456789012:user/ops", entries=4)
    assert told(facts=(erased,)) == ["the history before this was erased by arn:aws:iam::123456789012:user/ops"]


def test_texts_are_hidden_except_for_the_matched_words() -> None:
    """They are enough to explain a decision."""
    (line,) = told(recorded(STOP))
    assert line == f"texted {OURS}: opted out by rule keyword-with-company (“Stop”)"


def test_only_the_newest_change_shows_when_the_list_was_updated() -> None:
    """The ledger stores it only for that one."""
    earlier = replace(STOP, id="earlier", at=AT - timedelta(days=40))
    started = replace(STOP, id="start", asked=Asked.OPT_IN, at=AT - timedelta(days=39))
    lines = told(recorded(STOP), recorded(started), recorded(earlier), consents=(OPTED_OUT,))
    assert ["later" in line for line in lines] == [False, False, True]


def test_a_repeated_stop_is_shown_without_effect() -> None:
    """The status did not change."""
    again = replace(STOP, id="again", at=AT + timedelta(hours=1))
    consent = replace(OPTED_OUT, decided_at=again.at, decided_by="again")
    first, second = told(recorded(STOP), recorded(again, Outcome.CONFIRMED), consents=(consent,))
    assert "on the list 0.4 s later" in first
    assert second.endswith("as before")


def test_an_opt_in_says_when_it_left_the_list() -> None:
    """By the ledger's own mark."""
    start = replace(STOP, id="start", asked=Asked.OPT_IN, at=AT)
    consent = replace(
        OPTED_OUT,
        status=Status.OPTED_IN,
        decided_by="start",
        listed=False,
        listing=None,
        deleted_at=AT + timedelta(seconds=2),
    )
    assert "off the list 2.0 s later" in told(recorded(start), consents=(consent,))[0]


def test_a_pending_opt_in_shows_its_date() -> None:
    """For the 30 days."""
    start = replace(STOP, id="start", asked=Asked.OPT_IN, at=AT)
    consent = replace(OPTED_OUT, status=Status.OPT_IN_PENDING, held_until=AT + timedelta(days=30))
    assert "to be removed from the list on 3 Dec 2026" in told(recorded(start), consents=(consent,))[0]


def test_lists_are_named_where_there_are_several() -> None:
    """Each was updated at its own time."""
    club = replace(OPTED_OUT, list_name="Club", applied_version=0)
    (line,) = told(recorded(STOP), consents=(OPTED_OUT, club))
    assert "on Default 0.4 s later, Club not updated yet" in line


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ReplyState.SENT, "confirmed"),
        (ReplyState.SKIPPED, "not confirmed (late)"),
        (ReplyState.UNKNOWN, "possibly confirmed (late)"),
        (ReplyState.DUE, "not yet confirmed (late)"),
    ],
)
def test_a_confirmation_is_described_by_its_state(state: ReplyState, expected: str) -> None:
    """An uncertain one is not shown as sent."""
    consent = replace(OPTED_OUT, answer=answer("stop", state, None if state is ReplyState.SENT else "late"))
    assert told(recorded(STOP), consents=(consent,))[0].endswith(
        expected.removesuffix(" (late)") if "yet" in expected else expected
    )


def test_a_late_request_is_described_as_without_effect() -> None:
    """With the delay of the text; the newer request applies."""
    entry = Entry(STOP, Outcome.STALE, AT + timedelta(minutes=5))
    (line,) = told(entry)
    assert "would have opted out" in line
    assert line.endswith("recorded 5 min later")


def test_help_and_unclear_texts_are_shown_without_a_change() -> None:
    """With the reply that went out."""
    asked = replace(STOP, id="help", asked=Asked.HELP, rule="keyword:aws/HELP", matched="HELP")
    doubt = replace(STOP, id="doubt", asked=Asked.UNCLEAR, at=AT + timedelta(minutes=1))
    letter = ReplyThread(number=PERSON, answer=answer("help"), asked_at=AT, recent=(AT,))
    first, second = told(recorded(asked, Outcome.ANSWERED), recorded(doubt, Outcome.ANSWERED), letters=(letter,))
    assert first.endswith("a request for help by rule keyword:aws/HELP (“HELP”), answered")
    assert "possibly an opt-out" in second


def test_the_author_of_a_request_is_named() -> None:
    """An agent with channel and reference, an import with its source."""
    agent = replace(
        STOP, id="a", author=Author.AGENT, through="api/phone", actor="alice", reference="CASE-17", rule=None, body=None
    )
    imported = replace(
        STOP, id="i", author=Author.IMPORT, through="opt-out list Default", at=AT + timedelta(days=1), rule=None,
        end_user=True,
    )  # fmt: skip
    assert told(recorded(agent), recorded(imported, Outcome.CONFIRMED)) == [
        "asked by phone; entered by alice (api, CASE-17): opted out",
        "imported on 4 Nov 2026 from opt-out list Default; the person had asked there: opted out, as before",
    ]


def test_drift_is_shown_in_order_of_time() -> None:
    """In the order of time."""
    drift = Drift(number=PERSON, list_name="Default", kind=DriftKind.NOT_LISTED, found_at=AT + timedelta(days=2))
    lines = told(recorded(STOP), drifts=(drift,))
    assert lines[1].startswith("reconcile found the number missing from Default")


def test_what_people_text_cannot_move_a_terminal() -> None:
    """Control characters are escaped."""
    (line,) = told(recorded(replace(STOP, body="\x1b[2Jstop\nnow")), show_texts=True)
    assert "“\\u001b[2Jstop⏎now”" in line
