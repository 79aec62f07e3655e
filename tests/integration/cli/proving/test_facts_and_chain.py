"""Facts and the chain's verification in a dossier, each in words that claim no more than the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.world import OURS, PERSON

from sms_consent.domain.chain_verification import ChainReport, Finding, FindingKind
from sms_consent.domain.consent import Consent, Drift, DriftKind, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent.queries.evidence import DecisionEvidence, PersonEvidence
from sms_consent_cli.commands.prove.assembly import assembled
from sms_consent_cli.commands.prove.command import _other_endpoint
from sms_consent_cli.commands.prove.document import document
from sms_consent_cli.commands.prove.dossier import Dossier, FactRecord, Origin
from sms_consent_cli.commands.prove.time_text import TimeText, span

AT = datetime(2026, 11, 3, 14, 2, 11, tzinfo=UTC)
SOON = AT + timedelta(seconds=0.4)
STOP = Decision(
    id="stop", number=PERSON, asked=Asked.OPT_OUT, at=AT, author=Author.END_USER, through=OURS, tier="KEYWORD",
    rule="keyword:aws/STOP", matched="STOP", body="STOP", list_name="Stack",
)  # fmt: skip
START = replace(
    STOP, id="start", asked=Asked.OPT_IN, at=AT + timedelta(days=1), rule="keyword:ctia/START", body="START"
)
CONSENT = Consent(
    number=PERSON, list_name="Stack", status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=AT, decided_by="stop",
    applied_version=1, listed=True,
)  # fmt: skip


def recorded(decision: Decision) -> DecisionEvidence:
    return DecisionEvidence(decision=decision, outcome=Outcome.CHANGED, recorded_at=decision.at)


ORIGIN = Origin(
    tool="sms-consent", version="1", rules_version="1", created_at=AT, timezone="UTC", account=None, region=None,
    table="ledger", caller=None, texts_shown=True,
)  # fmt: skip


def dossier(*facts: Fact, decisions: tuple[DecisionEvidence, ...] = (recorded(STOP),), **more: Any) -> Dossier:
    person = PersonEvidence(
        number=PERSON, decisions=decisions, facts=facts, consents=more.get("consents", (CONSENT,)), threads=(),
        drifts=more.get("drifts", ()), chain=more.get("chain", ChainReport()),
    )  # fmt: skip
    return assembled(person, {}, ORIGIN, TimeText(ZoneInfo("UTC")))


def fact(kind: FactKind, **fields: Any) -> Fact:
    return Fact(**{"kind": kind, "number": PERSON, "at": SOON, "list_name": "Stack", "decision_id": "stop"} | fields)


def record(kind: FactKind, **fields: Any) -> FactRecord:
    (made,) = dossier(fact(kind, **fields)).facts
    return made


def test_the_list_followed_with_awss_answer() -> None:
    """The entry's own time and mark, as AWS returned them."""
    made = record(FactKind.LISTED, since=AT, listing=Listing(at=SOON, end_user_opted_out=False))
    assert made.statement == "AWS accepted the number on the opt-out list Stack, 0.4 seconds after the request."
    assert made.aws_answer == "entry of 3 November 2026, 14:02:11 UTC, EndUserOptedOut=false"
    assert (made.reference, made.request) == ("F1", "R1")


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (FactKind.FOUND_LISTED, {}, "a look-up at AWS found the number on the opt-out list Stack"),
        (FactKind.REMOVED, {"deleted_at": SOON}, "AWS removed the number from the opt-out list Stack."),
        (FactKind.REMOVED, {}, "The number is off the opt-out list Stack; no removal by this system is recorded"),
        (FactKind.RELEASED, {"deleted_at": SOON}, "The deferred opt-in was carried out. AWS removed the number"),
        (
            FactKind.DEFERRED,
            {"until": AT},
            "deferred until 3 November 2026, 14:02:11 UTC: AWS removes a number from an opt-out",
        ),
        (FactKind.REFUSED, {"until": AT, "reason": "x"}, "AWS refused to remove the number"),
        (FactKind.REJECTED, {"reason": "x"}, "AWS rejected the call"),
        (FactKind.ERASED, {"entries": 3, "actor": "arn:x"}, "The history before this was erased by arn:x: 3 entries."),
        (FactKind.DRIFT, {"drift": DriftKind.NOT_LISTED}, "the number was not on the opt-out list"),
        (FactKind.UNKNOWN, {}, "Something was recorded that this version of the tool does not know."),
    ],
)
def test_each_kind_of_fact_is_one_sentence(kind: FactKind, fields: dict[str, Any], said: str) -> None:
    """In plain words."""
    assert said in record(kind, **fields).statement


def test_every_kind_of_fact_can_be_said() -> None:
    """Also with nothing but its kind, as an older or newer version may have written it."""
    for kind in FactKind:
        bare = Fact(kind=kind, number=PERSON, at=AT)
        assert dossier(bare).facts[0].statement.endswith(".")


def test_a_request_whose_list_call_is_due_is_not_called_unrecorded() -> None:
    """It counts already; its time of recording and its place in the chain follow with the list call."""
    line = replace(STOP, import_id="an-import", reference="log.csv:4")
    made = dossier(decisions=(DecisionEvidence(decision=line),))
    assert "when it was recorded here is not known" not in made.summary.statement
    assert "will be shown once the opt-out list has been updated" in made.summary.statement
    assert "No entry about this person is yet part of a chain" in made.verification.statement
    assert "1 request counts already, and becomes part of the chain" in made.verification.statement


def test_a_dossier_of_a_local_stack_says_so_first() -> None:
    """A stack that imitates AWS must not look like evidence from AWS."""
    made = dossier().model_copy(update={"origin": ORIGIN.model_copy(update={"endpoint": "http://127.0.0.1:4566"})})
    page = document(made, TimeText(ZoneInfo("UTC")))
    assert "Not read from AWS. The ledger was read at http://127.0.0.1:4566" in page.partition("<main>")[0]
    assert "Not read from AWS" not in document(dossier(), TimeText(ZoneInfo("UTC")))


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("https://dynamodb.us-east-1.amazonaws.com", False),
        ("https://vpce-0a1.dynamodb.eu-west-1.vpce.amazonaws.com", False),
        ("https://dynamodb.cn-north-1.amazonaws.com.cn", False),
        ("http://127.0.0.1:4566", True),
        ("https://dynamodb.amazonaws.com.example.net", True),
    ],
)
def test_only_addresses_of_aws_are_taken_for_aws(address: str, other: bool) -> None:
    """By the whole domain."""
    assert (_other_endpoint(address) is not None) is other


def test_the_exact_text_of_a_confirmation_comes_from_its_fact() -> None:
    """With MessageId and time; it was accepted, not received."""
    sent = fact(
        FactKind.REPLIED, list_name=None, reply=ReplyKind.OPT_OUT_CONFIRMATION, state=ReplyState.SENT, message_id="m-1",
        text="Example: you are unsubscribed. 退订", language="en", sender=OURS,
    )  # fmt: skip
    reply = dossier(sent).requests[0].confirmation
    assert (reply.state, reply.message_id, reply.accepted_at) == ("SENT", "m-1", SOON)
    assert reply.text == "Example: you are unsubscribed. 退订"
    assert "Whether it reached the handset is not known" in reply.statement


def test_a_confirmation_of_a_request_before_the_newest_is_still_known() -> None:
    """Facts are permanent: a later START removes none."""
    started = replace(
        CONSENT, status=Status.OPTED_IN, decided_at=START.at, decided_by="start",
        answer=Reply(decision_id="start", kind=ReplyKind.OPT_IN_CONFIRMATION, sender=OURS, until=AT, state=ReplyState.SENT),
    )  # fmt: skip
    skipped = fact(
        FactKind.REPLIED, reply=ReplyKind.OPT_OUT_CONFIRMATION, state=ReplyState.SKIPPED, reason="not sent in time"
    )
    first, second = dossier(skipped, decisions=(recorded(START), recorded(STOP)), consents=(started,)).requests
    assert first.confirmation.statement == "The confirmation of the opt-out was not sent: not sent in time."
    assert second.confirmation.state == "SENT"


def test_the_timeline_has_a_reply_once() -> None:
    """As a fact, if there is one."""
    sent = fact(FactKind.REPLIED, reply=ReplyKind.OPT_OUT_CONFIRMATION, state=ReplyState.SENT)
    assert [each.reference for each in dossier(sent).timeline] == ["R1", "F1"]


def test_a_repair_is_the_first_fact_after_the_difference() -> None:
    """Earlier facts and other lists prove nothing about it."""
    found = AT + timedelta(days=1)
    drift = Drift(number=PERSON, list_name="Stack", kind=DriftKind.NOT_LISTED, found_at=found)
    repaired = fact(FactKind.LISTED, at=found + timedelta(minutes=1))
    others = (
        fact(FactKind.LISTED),
        fact(FactKind.LISTED, at=found, list_name="Other"),
        fact(FactKind.DRIFT, at=found, drift=DriftKind.NOT_LISTED),
    )
    made = dossier(*others, repaired, drifts=(drift,))
    (difference,) = made.differences
    assert difference.repaired_at == repaired.at
    assert len(made.facts) == 3, "the difference itself is reported once"
    (open_one,) = dossier(*others, drifts=(drift,)).differences
    assert (open_one.repaired_at, open_one.repair_statement) == (None, "When this was repaired is not recorded.")


def test_an_intact_chain_says_what_it_covers() -> None:
    """And that it does not cover the entries before it."""
    made = dossier(chain=ChainReport(entries=4, begun_at=AT, unchained=2, without_chain=1))
    assert made.verification.result == "INTACT"
    assert made.verification.statement.startswith(
        "4 entries since 3 November 2026, 14:02:11 UTC form an unbroken chain"
    )
    assert "2 entries from before the chain's start are not part of it." in made.verification.statement
    assert "1 entry written later by a release of this software without the chain is not" in made.verification.statement
    topics = {each.topic for each in made.unknown}
    assert {"What the chain shows", "Entries outside the chain"} <= topics


def test_a_broken_chain_is_said_with_every_place() -> None:
    """The dossier is still made, but not trusted."""
    finding = Finding(FindingKind.CHANGED, "entry 2 was changed: its content does not match its digest", 2)
    made = dossier(chain=ChainReport(findings=(finding,), entries=3))
    assert made.verification.result == "NOT_INTACT"
    assert made.verification.findings == (finding.text,)
    assert made.verification.statement.startswith("The chain of entries does not match in 1 place.")


def test_a_finding_names_the_request_as_the_dossier_numbers_it() -> None:
    """An entry's own number is not that of a request: a reader could not find it."""
    finding = Finding(FindingKind.CHANGED, "entry 5 was changed: its content does not match its digest", 5)
    chain = ChainReport(findings=(finding,), entries=5)
    entry = replace(recorded(STOP), sequence=5)
    made = dossier(decisions=(entry,), chain=chain)
    assert made.verification.findings == (f"R1: {finding.text}",)
    assert "does not match in 1 place (R1)." in made.verification.statement
    page = document(made, TimeText(ZoneInfo("UTC")))
    assert "Verification: not passed." in page
    twice = dossier(decisions=(entry, replace(recorded(START), sequence=5)), chain=chain)
    assert twice.verification.findings == (finding.text,)  # which of the two is meant is not known


def test_entries_without_a_chain_are_not_called_intact() -> None:
    """Nothing was checked."""
    made = dossier(chain=ChainReport(unchained=1))
    assert made.verification.result == "NOT_CHAINED"
    assert "cannot be checked" in made.verification.statement


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0.4 seconds"),
        (1, "1.0 second"),
        (90, "90.0 seconds"),
        (300, "5 minutes"),
        (86_400, "24 hours"),
        (864_000, "10 days"),
    ],
)
def test_durations_are_in_words(seconds: float, said: str) -> None:
    """In their largest useful unit."""
    assert span(timedelta(seconds=seconds)) == said


def test_a_status_that_differs_by_list_is_answered_for_each() -> None:
    """A request for one list says nothing about the other."""
    other = replace(CONSENT, list_name="Other", status=Status.OPTED_IN, decided_by="start", decided_at=START.at)
    decisions = (recorded(STOP), recorded(replace(START, list_name="Other")))
    made = dossier(decisions=decisions, consents=(CONSENT, other)).summary
    assert made.answer == "DIFFERS_BY_LIST"
    assert made.statement.startswith("Opt-out list Stack: This person is opted out")
    assert "Opt-out list Other: This person is opted in" in made.statement
    assert [each.since for each in made.lists] == [AT, START.at]


def test_a_person_who_asked_for_help_only_has_no_opt_out() -> None:
    """And is not called opted in."""
    asked = recorded(replace(STOP, asked=Asked.HELP, id="help", rule="keyword:aws/HELP"))
    made = dossier(decisions=(asked,), consents=())
    assert made.summary.answer == "NO_OPT_OUT_RECORDED"
    assert "none that opts them out or in" in made.summary.statement


def test_a_list_that_does_not_follow_yet_is_not_called_done() -> None:
    """Until AWS accepts the number, it blocks nothing."""
    statement = dossier(consents=(replace(CONSENT, applied_version=0, listed=None),)).summary.statement
    assert "does not show this yet" in statement
    assert "is on the list" not in statement


@pytest.mark.parametrize(
    ("through", "said"),
    [
        ("opt-out-list", "Who put it on the list is not known."),
        ("ledger-restore", "This is no request by the person."),
        ("opt-out list Old", "was copied from the opt-out list Old. The entry there does not say who asked for it."),
    ],
)
def test_what_stands_behind_an_import_without_a_file_is_named(through: str, said: str) -> None:
    """A list, a copy or a backup."""
    decision = replace(STOP, author=Author.IMPORT, through=through, rule=None, matched=None, body=None)
    assert said in dossier(decisions=(recorded(decision),)).requests[0].statement
    assert said in dossier(decisions=(recorded(decision),)).summary.statement


def test_an_older_opt_out_that_arrives_late_is_the_first_request() -> None:
    """Requests count in the order of their times, also one that changed nothing when it was recorded."""
    earlier = DecisionEvidence(
        decision=replace(STOP, id="earlier", at=AT - timedelta(hours=1)), outcome=Outcome.STALE, recorded_at=AT
    )
    (status,) = dossier(decisions=(recorded(STOP), earlier)).summary.lists
    assert (status.since, status.requests) == (AT - timedelta(hours=1), 2)
    assert "The request was repeated: 2 are recorded" in status.statement
