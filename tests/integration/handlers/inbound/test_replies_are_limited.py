"""Limits of replies for a person and for the deployment; a withheld reply never delays an opt-out."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from support.inbound_function import Inbound
from support.sweep_function import sweep
from support.world import LIST, OURS, PERSON, START_OF_TEST

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent.domain.ports import Sender
from sms_consent.domain.reply import RecentReply, ReplyKind, ReplyState
from sms_consent.sync.reply_sender import ENOUGH, SPENT, UNKNOWN, enough

PREMIUM = "+882135550001"
LINES = [OURS, *(f"+1212555{last:04d}" for last in range(200, 209))]


@pytest.fixture
def lines(inbound: Inbound) -> list[str]:
    """Ten numbers of ours, on one list."""
    for line in LINES[1:]:
        inbound.world.backend.add_phone_number(line, opt_out_list_name=LIST)
    return LINES


class Texts:
    """Texts with different ids, one second apart."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self._count = 0

    def __call__(self, body: str, sender: str = PERSON, line: str = OURS, seconds: float = 1.1) -> list[str]:
        self._count += 1
        self._inbound.world.pass_time(seconds=seconds)
        return self._inbound.hear(
            body, originationNumber=sender, destinationNumber=line, inboundMessageId=f"text-{self._count}"
        )


@pytest.fixture
def text(inbound: Inbound) -> Texts:
    return Texts(inbound)


def _sent(inbound: Inbound, number: str | None = None) -> list[Any]:
    return [text for text in inbound.world.backend.sent_texts() if number in (None, text.to)]


def _kinds(inbound: Inbound, number: str = PERSON, list_name: str = LIST) -> Counter[ReplyKind | None]:
    consent = inbound.consent(number, list_name)
    assert consent is not None
    return Counter(reply.kind for reply in consent.recent_replies)


def _refuse_puts(inbound: Inbound, times: int) -> None:
    inbound.world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", times)


# --- one person


@pytest.mark.slow
@pytest.mark.parametrize(("body", "most"), [("HELP", 6), ("wrong number", 1), ("AYUDA", 6)])
def test_questions_from_one_number_to_ten_lines_are_answered_a_few_times_a_day(
    inbound: Inbound, lines: list[str], text: Texts, body: str, most: int
) -> None:
    """A number at a premium rate would earn by each reply."""
    for _ in range(5):
        for line in lines:
            text(body, PREMIUM, line)
        inbound.world.pass_time(hours=4)
    sweep(inbound.world)
    assert len(_sent(inbound, PREMIUM)) == most


def test_help_is_answered_three_times_an_hour_whichever_line_is_texted(
    inbound: Inbound, lines: list[str], text: Texts
) -> None:
    for line in lines:
        text("HELP", line=line)
    assert len(_sent(inbound)) == 3
    inbound.world.pass_time(hours=1)
    for line in lines:
        text("HELP", line=line)
    assert len(_sent(inbound)) == 6
    inbound.world.pass_time(hours=1)
    text("HELP")
    assert len(_sent(inbound)) == 6
    inbound.world.pass_time(hours=24)
    text("HELP")
    assert len(_sent(inbound)) == 7


def test_each_line_that_is_texted_answers(inbound: Inbound, lines: list[str], text: Texts) -> None:
    """Also where the first reply is throttled and both are sent by sweep."""
    text("HELP", line=lines[1])
    text("HELP", line=lines[2])
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    text("HELP", "+14255550183", lines[3], seconds=10)
    text("HELP", "+14255550183", lines[4], seconds=0.1)
    for _ in range(2):
        inbound.world.pass_time(minutes=1)
        sweep(inbound.world)
    assert [each.from_ for each in _sent(inbound, PERSON)] == [lines[1], lines[2]]
    assert sorted(each.from_ for each in _sent(inbound, "+14255550183")) == [lines[3], lines[4]]


def test_an_older_question_to_another_line_is_answered_once(inbound: Inbound, lines: list[str]) -> None:
    """Texts arrive in any order, and more than once."""
    world = inbound.world

    def question(text_id: str, line: str) -> dict[str, Any]:
        payload = {"originationNumber": PERSON, "destinationNumber": line, "messageBody": "HELP"}
        return inbound.queued(payload | {"inboundMessageId": text_id})

    early = question("a", lines[1])
    world.pass_time(seconds=2)
    late = question("b", lines[2])
    for event in (late, early, late, early):
        world.pass_time(seconds=2)
        inbound.run(event)
    assert [each.from_ for each in _sent(inbound)] == [lines[2], lines[1]]


def test_a_question_that_is_not_answered_says_why(inbound: Inbound, text: Texts) -> None:
    """For history, and for the person who asks why there was no reply."""
    for _ in range(4):
        text("HELP")
    letter = inbound.world.parts.ledger.thread("HELP", PERSON)
    assert letter is not None
    assert (letter.answer.state, letter.answer.reason) == (ReplyState.SKIPPED, ENOUGH)


def test_a_reply_left_due_by_the_release_before_is_still_sent(inbound: Inbound, text: Texts) -> None:
    """Its items had a key for each of our numbers."""
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    text("HELP")
    ledger = inbound.world.parts.ledger
    letter = ledger.thread("HELP", PERSON)
    assert letter is not None
    dynamodb = clients.dynamodb()
    dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": PERSON}, "sk": {"S": "ANSWER#HELP"}})
    ledger.save_thread(f"HELP#{OURS}", letter, None)
    inbound.world.pass_time(minutes=1)
    sweep(inbound.world)
    assert len(_sent(inbound)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("bodies", [("STOP", "START"), ("START", "STOP"), ("parar", "unstop")])
def test_alternating_stop_and_start_gets_three_confirmations_a_day(
    inbound: Inbound, text: Texts, bodies: tuple[str, str]
) -> None:
    """While the list refuses puts, every one of them changes the consent."""
    _refuse_puts(inbound, 1000)
    for turn in range(12):
        text(bodies[turn % 2], seconds=30)
    assert len(_sent(inbound)) == 3
    assert _kinds(inbound)[ReplyKind.OPT_OUT_CONFIRMATION] >= 1
    inbound.world.pass_time(hours=24)
    for turn in range(12):
        text(bodies[turn % 2], seconds=30)
    assert len(_sent(inbound)) == 6


@pytest.mark.slow
def test_alternating_stop_and_start_for_thirty_days(inbound: Inbound, text: Texts) -> None:
    """The list follows as far as its 30 days allow, and the newest text stands."""
    for _ in range(8):
        for turn in range(4):
            text(("STOP", "START")[turn % 2], PREMIUM, seconds=30)
        sweep(inbound.world)
        inbound.world.pass_time(days=4)
    assert len(_sent(inbound)) <= 6
    text("STOP", PREMIUM)
    consent = inbound.consent(PREMIUM)
    assert consent is not None
    assert consent.status is Status.OPTED_OUT
    assert inbound.world.parts.sync.opt_out_list.find(PREMIUM, LIST) is not None


_DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("kinds", "kind", "withheld"),
    [
        ("", "STOP", False),
        ("", "START", False),
        ("STOP START STOP", "STOP", True),
        ("STOP START STOP", "START", True),
        ("STOP START", "STOP", False),
        ("START STOP", "START", False),
        ("START START", "START", True),
        ("START START", "STOP", False),
        ("START STOP START", "STOP", True),
        ("START START unknown", "STOP", False),
        ("STOP STOP STOP", "START", True),
    ],
)
def test_a_first_confirmation_of_a_day_is_always_left_for_stop(kinds: str, kind: str, withheld: bool) -> None:
    """Opt-ins have two at the most. What is older than a day does not count."""
    named = {"STOP": ReplyKind.OPT_OUT_CONFIRMATION, "START": ReplyKind.OPT_IN_CONFIRMATION, "unknown": None}
    now = START_OF_TEST
    recent = [RecentReply(now, "", named[each]) for each in kinds.split()]
    assert enough(named[kind], recent, now + _DAY - timedelta(milliseconds=1)) is withheld  # type: ignore[arg-type]
    assert not enough(named[kind], recent, now + _DAY)  # type: ignore[arg-type]


def test_a_withheld_confirmation_does_not_hold_up_its_opt_out(inbound: Inbound, text: Texts) -> None:
    """The number is listed in the same invocation, although texting is throttled."""
    _refuse_puts(inbound, 2)
    for body in ("STOP", "START", "STOP", "START"):
        text(body)
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    text("HELP", "+14255550183")
    text("STOP", seconds=0.1)
    consent = inbound.consent()
    assert consent is not None
    assert (consent.status, consent.settled) == (Status.OPTED_OUT, True)
    assert consent.answer is not None
    assert (consent.answer.state, consent.answer.reason) == (ReplyState.SKIPPED, ENOUGH)
    assert inbound.world.listed()


@pytest.mark.slow
def test_each_list_has_its_own_first_confirmation(inbound: Inbound, text: Texts) -> None:
    """Each list is a separate programme; together they are bounded by the number of lists and the budget."""
    for at, line in enumerate(LINES[:3]):
        name = f"List{at}"
        inbound.world.aws.create_opt_out_list(OptOutListName=name)
        if at:
            inbound.world.backend.add_phone_number(line, opt_out_list_name=name)
        inbound.configure(Sender(identity=line, list_name=name))
    inbound.world.pass_time(minutes=2)
    _refuse_puts(inbound, 1000)
    for turn in range(6):
        for line in LINES[:3]:
            text(("STOP", "START")[turn % 2], line=line)
    assert len(_sent(inbound)) == 3 * 3


# --- the deployment


@pytest.fixture
def small(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> Inbound:
    """A deployment that may send 20 replies a day, 16 of them to others than STOP."""
    _allow(monkeypatch, 20)
    return inbound


def _allow(monkeypatch: pytest.MonkeyPatch, replies: int) -> None:
    monkeypatch.setenv("REPLIES_PER_DAY", str(replies))
    container.cache_clear()


def _people() -> Any:
    return (f"+88213{last:07d}" for last in range(1, 10_000))


def _reserved() -> int:
    key = {"pk": {"S": "BUDGET#2026-11-03"}, "sk": {"S": "BUDGET"}}
    item = clients.dynamodb().get_item(TableName="ledger", Key=key).get("Item", {})
    return int(item.get("reserved", {"N": "0"})["N"])


@pytest.mark.slow
@pytest.mark.parametrize("body", ["HELP", "wrong number", "START"])
def test_many_numbers_share_the_budget_of_a_day(small: Inbound, text: Texts, body: str) -> None:
    """Spoofed numbers have no other limit. The next day begins anew."""
    people = _people()
    for _ in range(24):
        text(body, next(people))
    assert len(_sent(small)) == 16
    small.world.pass_time(days=1)
    for _ in range(24):
        text(body, next(people))
    assert len(_sent(small)) == 32


def test_a_first_stop_is_confirmed_although_the_budget_is_spent(small: Inbound, text: Texts) -> None:
    """And put on the list, which never depends on it."""
    people = _people()
    for _ in range(18):
        text("HELP", next(people))
    out = [next(people) for _ in range(10)]
    for person in out:
        text("STOP", person)
    assert len(_sent(small)) == 16 + 10
    assert all(small.consent(person).settled for person in out)  # type: ignore[union-attr]
    assert {each["OptedOutNumber"] for each in _listed(small)} == set(out)


def _listed(inbound: Inbound) -> list[dict[str, Any]]:
    pages = inbound.world.aws.get_paginator("describe_opted_out_numbers").paginate(OptOutListName=LIST)
    return [each for page in pages for each in page["OptedOutNumbers"]]


@pytest.mark.slow
def test_further_confirmations_of_stop_have_the_whole_budget(small: Inbound, text: Texts) -> None:
    """HELP, questions and opt-ins are cut first. A withheld confirmation does not hold up the opt-out."""
    people = _people()
    _refuse_puts(small, 10)
    again = [next(people) for _ in range(10)]
    for person in again:
        text("STOP", person)  # counted, although each is a first one
        text("START", person)  # of eight people
    for _ in range(10):
        text("HELP", next(people))
    assert len(_sent(small)) == 18
    for person in again:
        text("STOP", person)
    assert len(_sent(small)) == 20
    withheld = [small.consent(person) for person in again[2:]]
    assert {consent.answer.reason for consent in withheld} == {SPENT}  # type: ignore[union-attr]
    assert all(consent.settled and consent.status is Status.OPTED_OUT for consent in withheld)  # type: ignore[union-attr]


@pytest.mark.slow
def test_replies_that_were_not_sent_are_not_counted(small: Inbound, text: Texts) -> None:
    """Throttled, or refused by the service."""
    people = _people()
    for error in ("ThrottlingException", "AccessDeniedException", "ConflictException") * 10:
        small.world.backend.fail_next("SendTextMessage", error, 1)
        text("HELP", next(people))
    before = len(_sent(small))
    for _ in range(30):
        text("HELP", next(people))
    assert before == 0
    assert len(_sent(small)) == 16


def test_a_budget_of_nought_is_none(inbound: Inbound, text: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    _allow(monkeypatch, 0)
    people = _people()
    for _ in range(30):
        text("HELP", next(people))
    assert len(_sent(inbound)) == 30
    assert _reserved() == 0


@pytest.mark.slow
def test_reservations_are_few(inbound: Inbound, text: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks grow with use, so that an environment that ends early leaves little unused.

    The default budget is far above an ordinary day, so that numbers that were never seen before are all answered.
    """
    calls = []
    ledger = container().inbound_batch._inbound._recorder._ledger
    reserve = ledger._client.update_item  # type: ignore[attr-defined]  # the ledger on DynamoDB
    monkeypatch.setattr(ledger._client, "update_item", lambda **given: calls.append(given) or reserve(**given))  # type: ignore[attr-defined]
    people = _people()
    for number in range(1, 121):
        text("HELP", next(people))
        assert len(calls) == 0 or number > 5
        assert _reserved() <= 2 * number
    assert len(_sent(inbound)) == 120
    assert len(calls) <= 6


@pytest.mark.slow
@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_a_budget_that_cannot_be_counted_lets_stop_through_and_bounds_the_rest(
    inbound: Inbound, text: Texts, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """For as long as it lasts."""
    from botocore.exceptions import ClientError

    def refused(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": error}}, "UpdateItem")

    ledger = container().inbound_batch._inbound._recorder._ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger._client, "update_item", refused)  # type: ignore[attr-defined]
        people = _people()
        for _ in range(30):
            text("HELP", next(people))
        assert len(_sent(inbound)) == 5 + 20
        last = inbound.world.parts.ledger.thread("HELP", "+882130000030")
        assert last is not None
        assert last.answer.reason == UNKNOWN
        for turn in range(3):
            text(("STOP", "START", "STOP")[turn])
        assert _kinds(inbound)[ReplyKind.OPT_OUT_CONFIRMATION] >= 1
        assert inbound.world.listed()
    inbound.world.pass_time(minutes=2)
    text("HELP", next(people))
    assert len(_sent(inbound, "+882130000031")) == 1
    assert _reserved() >= 26
