"""Numbers that AWS rejects permanently: retried for an hour, then daily, after all other work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from support.configured import Configured, configured
from support.fake_clock import NOON, FakeClock
from support.inbound_function import Inbound
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.refusals import Asked, refusal, refuses
from support.sweep_function import sweep
from support.workers import environment
from support.world import LIST, PERSON, World

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.container import Container
from sms_consent.domain.consent import Consent, Due, Status
from sms_consent.domain.decision import Asked as Wanted
from sms_consent.domain.decision import Author, Decision
from sms_consent.domain.errors import Rejected, Throttled
from sms_consent.domain.ports import Call
from sms_consent.domain.rejections import RejectedWork, is_permanent
from sms_consent.inbound.message import InboundMessage
from sms_consent.recording.recorder import Recorder

BLOCKED = refusal("ValidationException", Reason="DESTINATION_COUNTRY_BLOCKED")
ABOUT_THE_NUMBER = {
    "by reason": BLOCKED,
    "by another reason": refusal("ValidationException", Reason="COUNTRY_NOT_ENABLED"),
    "by a reason of later versions": refusal("ValidationException", Reason="PHONE_NUMBER_NOT_ROUTABLE"),
    "by field": refusal("ValidationException", Fields=[{"Name": "OptedOutNumber", "Message": PERSON}]),
    "by field, in another spelling": refusal("ValidationException", Fields=[{"Name": "optedOutNumber"}]),
    "by nothing": refusal("ValidationException"),
    "by a reason that says little": refusal("ValidationException", Reason="FIELD_VALIDATION_FAILED"),
}
ABOUT_SOMETHING_ELSE = {
    "denied": refusal("AccessDeniedException"),
    "no such list": refusal("ResourceNotFoundException", ResourceType="opt-out-list"),
    "the list's name": refusal("ValidationException", Fields=[{"Name": "OptOutListName", "Message": ""}]),
    "number and list": refusal("ValidationException", Fields=[{"Name": "OptedOutNumber"}, {"Name": "OptOutListName"}]),
    "its ARN": refusal("ValidationException", Reason="INVALID_ARN"),
    "an unknown reason": refusal("ValidationException", Reason="OTHER"),
    "a conflict": refusal("ConflictException"),
    "an unknown error": refusal("NumberRefusedException", Reason="DESTINATION_COUNTRY_BLOCKED"),
}


def _for(number: str, answer: Any) -> Any:
    return lambda asked: answer if asked["OptedOutNumber"] == number else None


def _sweep(world: World) -> None:
    """One sweep with the deployment's parts, in which waiting takes no time."""
    parts = Container(world.parts.settings, paced=True)
    with patch.object(SystemClock, "sleep", lambda _, seconds: world.time.shift(timedelta(seconds=seconds))):
        parts.sweep.run(parts.clock.now() + timedelta(minutes=1))


def _sweep_for(world: World, **time: float) -> None:
    """Sweeps as often as work gets due, which is as often as every minute would do it."""
    until = world.parts.clock.now() + timedelta(**time)
    while True:
        dues = [world.consent().due_at, *(work.due_at for work in _rejected(world))]
        moment = min((due for due in dues if due is not None), default=until)
        if moment >= until:
            world.time.move_to(until, tick=False)
            return
        world.time.move_to(max(moment, world.parts.clock.now() + timedelta(seconds=1)), tick=False)
        _sweep(world)


def _rejected(world: World) -> list[Any]:
    return list(world.parts.ledger.due_rejected(world.parts.clock.now() + timedelta(days=400)))


@pytest.mark.parametrize("answer", ABOUT_THE_NUMBER.values(), ids=ABOUT_THE_NUMBER)
def test_a_number_is_tried_five_times_in_an_hour_and_then_daily(world: World, answer: Any) -> None:
    """Its consent has no due work any more, which the previous release ignores."""
    with refuses("PutOptedOutNumber", _for(PERSON, answer)) as puts:
        world.opt_out()
        _sweep_for(world, hours=1, minutes=10)
        assert len(puts) == 5
        consent = world.consent()
        assert (consent.status, consent.settled, consent.due, consent.due_at) == (Status.OPTED_OUT, False, None, None)
        (work,) = _rejected(world)
        assert work.reason.startswith("ValidationException")


def test_a_rejected_number_costs_35_puts_in_30_days() -> None:
    """Five in the first hour; afterwards it is put as soon as AWS accepts it."""
    crowd = _Crowd(1, Rejected("ValidationException"))
    for _ in range(70):
        crowd.minute()
    for _ in range(30 * 24 * 3):
        crowd.clock.advance(timedelta(minutes=19))
        crowd.minute()
    puts = sum(times for (call, _), times in crowd.service.accepted.items() if call is Call.PUT)
    assert 30 <= puts <= 35
    crowd.accepts = True
    crowd.clock.advance(timedelta(days=1))
    crowd.minute()
    assert crowd.service.is_listed("+19990000000", LIST)
    consent = crowd.ledger.consents["+19990000000", LIST]
    assert (consent.rejections, consent.rejected_since, consent.rejection) == (0, None, None)


@pytest.mark.parametrize(
    ("rejections", "minutes", "permanent"), [(4, 600, False), (5, 59, False), (50, 59, False), (5, 60, True)]
)
def test_neither_many_attempts_in_a_short_time_nor_few_in_a_long_one_are_permanent(
    rejections: int, minutes: int, permanent: bool
) -> None:
    """At least five, over at least an hour."""
    consent = Consent(
        number=PERSON, list_name=LIST, status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=NOON, decided_by="a",
        rejections=rejections, rejected_since=NOON,
    )  # fmt: skip
    assert is_permanent(consent, NOON + timedelta(minutes=minutes)) is permanent


def test_a_daily_attempt_that_is_throttled_is_overdue_from_then_on(world: World) -> None:
    """Not since the STOP, which would raise the alarm on overdue opt-outs at once."""
    _given_up(world)
    world.pass_time(days=3)
    with refuses("PutOptedOutNumber", _for(PERSON, refusal("ThrottlingException"))):
        _sweep(world)
    consent = world.consent()
    assert consent.due is Due.OPT_OUT
    assert world.parts.clock.now() - consent.out_of_sync_since < timedelta(minutes=2)


@pytest.mark.parametrize("answer", ABOUT_SOMETHING_ELSE.values(), ids=ABOUT_SOMETHING_ELSE)
def test_any_other_error_is_not_about_the_number(world: World, answer: Any) -> None:
    """It never counts towards a permanent rejection."""
    with refuses("PutOptedOutNumber", lambda _: answer):
        consent = world.opt_out()
    assert (consent.due, consent.rejections, consent.rejection is None) == (Due.OPT_OUT, 0, False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["denied", "no such list"])
def test_any_other_error_is_retried_every_five_minutes_and_never_given_up(world: World, name: str) -> None:
    """The next attempt is at most five minutes away, and it is an opt-out like any other."""
    with refuses("PutOptedOutNumber", _for(PERSON, ABOUT_SOMETHING_ELSE[name])) as puts:
        world.opt_out()
        _sweep_for(world, hours=1, minutes=10)
        assert len(puts) >= 14
        consent = world.consent()
        assert consent.due is Due.OPT_OUT
        assert consent.due_at is not None
        assert consent.due_at - world.parts.clock.now() <= timedelta(minutes=5)
    assert _rejected(world) == []


def test_an_error_that_may_be_about_the_list_counts_only_if_the_list_is_valid(world: World) -> None:
    """The put says nothing of the cause, and the list cannot be described either."""
    denied = refusal("AccessDeniedException")
    with (
        refuses("PutOptedOutNumber", _for(PERSON, refusal("ValidationException"))),
        refuses("DescribeOptedOutNumbers", lambda _: denied),
    ):
        world.opt_out()
        _sweep_for(world, hours=3)
    assert _rejected(world) == []


def test_an_error_about_a_number_that_the_look_up_rejects_too_is_about_the_number(world: World) -> None:
    """The list is described without it, and is there."""
    invalid = refusal("ValidationException")
    with (
        refuses("PutOptedOutNumber", _for(PERSON, invalid)),
        refuses("DescribeOptedOutNumbers", lambda asked: invalid if asked.get("OptedOutNumbers") else None),
    ):
        world.opt_out()
        _sweep_for(world, hours=2)
    assert len(_rejected(world)) == 1


def test_cannot_add_opted_out_number_is_looked_up_before_anything_else(world: World) -> None:
    """When AWS answers so is undocumented: the number may be on the list already."""
    world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    with refuses(
        "PutOptedOutNumber", _for(PERSON, refusal("ValidationException", Reason="CANNOT_ADD_OPTED_OUT_NUMBER"))
    ) as puts:
        world.opt_out()
    consent = world.consent()
    assert (consent.settled, consent.listed, consent.rejections) == (True, True, 0)
    assert len(puts) == 1


CANNOT_ADD = refusal("ValidationException", Reason="CANNOT_ADD_OPTED_OUT_NUMBER")


def test_a_number_that_cannot_be_added_and_is_not_listed_counts_as_rejected(world: World) -> None:
    """Then the put did fail; it is made again."""
    with refuses("PutOptedOutNumber", _for(PERSON, CANNOT_ADD)):
        world.opt_out()
    assert (world.consent().settled, world.consent().rejections) == (False, 1)
    _sweep_for(world, hours=1)
    assert (world.consent().settled, world.consent().rejections, world.listed()) == (True, 0, True)


@pytest.mark.parametrize("error", ["ThrottlingException", "InternalServerException", "AccessDeniedException"])
def test_a_look_up_that_fails_is_made_again_by_sweep(world: World, error: str) -> None:
    """Nothing is concluded without it."""
    world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    with refuses("PutOptedOutNumber", _for(PERSON, CANNOT_ADD)):
        with refuses("DescribeOptedOutNumbers", lambda _: refusal(error)):
            world.opt_out()
            assert (world.consent().settled, world.consent().rejections) == (False, 0)
        _sweep_for(world, hours=1, minutes=10)
        assert (world.consent().settled, world.consent().listed) == (True, True)
    assert _rejected(world) == []


def test_a_number_given_up_is_looked_up_too_when_it_is_tried_again(world: World) -> None:
    """Somebody may have put it on the list meanwhile."""
    _given_up(world)
    world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    with refuses("PutOptedOutNumber", _for(PERSON, CANNOT_ADD)):
        world.pass_time(days=2)
        _sweep(world)
    assert (world.consent().settled, world.consent().listed) == (True, True)
    assert _rejected(world) == []


def _given_up(world: World) -> None:
    with refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)):
        world.opt_out()
        _sweep_for(world, hours=2)
    assert len(_rejected(world)) == 1


def test_a_new_stop_is_put_at_once(world: World) -> None:
    """AWS may accept the number by now; if not, it has its hour of attempts again."""
    _given_up(world)
    world.opt_out()
    assert world.listed()
    world.pass_time(days=2)
    _sweep(world)
    assert _rejected(world) == []


def test_a_new_stop_that_is_rejected_again_starts_anew(world: World) -> None:
    """Its count and its age begin with it."""
    _given_up(world)
    with refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)) as puts:
        world.opt_out()
        consent = world.consent()
        assert (consent.rejections, consent.due) == (1, Due.OPT_OUT)
        assert world.parts.clock.now() - consent.out_of_sync_since < timedelta(minutes=1)
        _sweep_for(world, hours=2)
        assert len(puts) == 5
    (work,) = _rejected(world)
    assert work.rejections == 5


def test_a_new_request_starts_with_zero_attempts(world: World) -> None:
    """What was rejected before it does not count: it is tried for an hour, too."""
    with (
        refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)),
        refuses("DeleteOptedOutNumber", _for(PERSON, BLOCKED)) as deletions,
    ):
        world.opt_out()
        _sweep_for(world, minutes=50)
        assert world.consent().rejections == 4
        world.opt_in()
        _sweep_for(world, minutes=50)
        assert len(deletions) == 4
        assert _rejected(world) == []
        assert world.consent().due is Due.OPT_IN


@pytest.mark.slow
def test_rejected_work_is_over_once_a_newer_request_has_work(world: World) -> None:
    """Also while that cannot be done either: it is not listed as rejected, since AWS did not reject it."""
    with (
        refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)),
        refuses("DeleteOptedOutNumber", _for(PERSON, refusal("AccessDeniedException"))),
    ):
        world.opt_out()
        _sweep_for(world, hours=1, minutes=10)
        assert len(_rejected(world)) == 1
        world.opt_in()
        _sweep_for(world, days=1)
        assert _rejected(world) == []
        assert world.consent().due is Due.OPT_IN


def test_a_start_of_a_rejected_number_is_carried_out(world: World) -> None:
    """The rejected opt-out is void."""
    _given_up(world)
    world.opt_in()
    consent = world.consent()
    assert (consent.status, consent.settled) == (Status.OPTED_IN, True)
    world.pass_time(days=2)
    _sweep(world)
    assert (_rejected(world), world.listed()) == ([], False)


def test_an_opt_in_that_is_rejected_is_tried_daily_too(world: World) -> None:
    """DeleteOptedOutNumber of a number that AWS does not know."""
    with refuses("DeleteOptedOutNumber", _for(PERSON, BLOCKED)) as deletions:
        world.opt_in()
        _sweep_for(world, days=4)
        assert 6 <= len(deletions) <= 9
    assert len(_rejected(world)) == 1
    world.pass_time(days=1)
    _sweep(world)
    consent = world.consent()
    assert (consent.settled, _rejected(world)) == (True, [])


def test_a_crash_between_the_two_writes_loses_nothing(world: World) -> None:
    """The rejected work is written first: the consent stays due, and the next sweep completes it."""

    def consent_without_work(asked: Asked) -> bool:
        item = asked["Item"]
        return item["sk"]["S"] == f"LIST#{LIST}" and "due" not in item

    outage = refusal("InternalServerError", 500)
    with refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)):
        world.opt_out()
        with refuses("PutItem", lambda asked: outage if consent_without_work(asked) else None) as lost:
            _sweep_for(world, hours=1, minutes=5)
        assert lost
        assert len(_rejected(world)) == 1
        consent = world.consent()
        assert consent.due is Due.OPT_OUT
        world.pass_time(minutes=10)
        _sweep(world)
        consent = world.consent()
        assert consent.due is None
    world.pass_time(days=1, hours=1)
    _sweep(world)
    assert world.listed()


def _emitted(printed: str) -> dict[str, list[float]]:
    """SweepFunction's metrics."""
    found: dict[str, list[float]] = {}
    for line in printed.splitlines():
        if '"_aws"' in line and '"service":"sweep"' in line:
            values = {name: value for name, value in json.loads(line).items() if isinstance(value, list)}
            for name, value in values.items():
                found.setdefault(name, []).extend(value)
    return found


def test_new_ones_are_counted_once_and_all_are_counted(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind the real handler. The alarm is on new ones: a daily attempt is none."""
    capsys.readouterr()
    with refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)):
        inbound.hear("STOP")
        for minutes in (5, 9, 17, 33, 24 * 60):
            inbound.world.pass_time(minutes=minutes)
            sweep(inbound.world)
            if minutes == 33:
                found = _emitted(capsys.readouterr().out)
                assert (found["NumbersRejected"], found["RejectedNumbers"][-1]) == ([1], 1)
    found = _emitted(capsys.readouterr().out)
    assert ("NumbersRejected" in found, found["RejectedNumbers"], found["SweptRejected"]) == (False, [1], [1])


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """The command beside a deployment."""
    with configured(monkeypatch, "rejected") as made:
        made.deploy()
        yield made


@pytest.mark.slow
def test_the_command_lists_numbers_with_reasons_and_has_one_tried_again(command: Configured) -> None:
    """AWS has enabled the country meanwhile."""
    assert "no number is rejected" in command.done("list").stdout
    _given_up(command.world)
    listed = command.done("list").stdout
    assert (PERSON in listed, "DESTINATION_COUNTRY_BLOCKED" in listed) == (True, True)
    assert command.told("list")["reason"] == "ValidationException: DESTINATION_COUNTRY_BLOCKED"
    assert command.run("retry", "+14255550199").exit_code == 1
    assert command.run("retry").exit_code == 2
    assert command.run("retry", PERSON, "--list", "Other").exit_code == 1
    command.done("retry", PERSON)
    _sweep(command.world)
    assert command.world.listed()
    assert "no number is rejected" in command.done("list").stdout
    command.done("retry", "--all")


def test_the_command_has_all_tried_again(command: Configured) -> None:
    """Those that are rejected again are listed again."""
    _given_up(command.world)
    with refuses("PutOptedOutNumber", _for(PERSON, BLOCKED)) as puts:
        assert "1 will be retried" in command.done("retry", "--all").stdout
        _sweep(command.world)
    assert len(puts) == 1
    assert len(_rejected(command.world)) == 1


def test_work_that_is_over_expires(world: World) -> None:
    """An item that is over is deleted by DynamoDB after 30 days: no function may delete from the ledger."""
    _given_up(world)
    world.opt_out()
    world.pass_time(days=2)
    _sweep(world)
    key = {"pk": {"S": PERSON}, "sk": {"S": f"REJECTED#{LIST}"}}
    item = clients.dynamodb().get_item(TableName="ledger", Key=key)["Item"]
    expires = int(item["expires"]["N"]) - world.parts.clock.now().timestamp()
    assert ("due" in item, round(expires)) == (False, 30 * 24 * 3600)


class _Crowd:
    """Numbers that AWS rejects, recorded through the API at once."""

    def __init__(self, bad: int, failure: Rejected) -> None:
        self.clock, self.ledger, self._ids = FakeClock(NOON), MemoryLedger(), count()
        self.service = MemoryService(self.clock, {"+12125550101": LIST})
        self._put, self._failure, self.throttled = self.service.put, failure, False
        self.accepts = False
        self.service.put = self._answer  # type: ignore[method-assign]  # the service outside, not a port of ours
        self.inbound, self._sweep = (self._environment(paced=paced) for paced in (False, True))
        for at in range(bad):
            decision = Decision(
                id=f"api-{at}", number=f"+1999{at:07d}", asked=Wanted.OPT_OUT, at=self.clock.now(), author=Author.AGENT,
                through="api",
            )  # fmt: skip
            Recorder(ledger=self.ledger, clock=self.clock).record(decision, LIST)

    def _answer(self, number: str, list_name: str) -> Any:
        if self.throttled:
            raise Throttled("ThrottlingException")
        if number.startswith("+1999") and not self.accepts:
            self.service._admit(Call.PUT)
            raise self._failure
        return self._put(number, list_name)

    def _environment(self, *, paced: bool) -> Any:
        return environment(
            ledger=self.ledger, opt_out_list=self.service, texting=self.service, clock=self.clock,
            new_token=lambda: f"token-{next(self._ids)}", own_list=LIST, paced=paced,
        )  # fmt: skip

    def throttled_stop(self, number: str) -> None:
        self.throttled = True
        text = InboundMessage(id=number, sender=number, destination="+12125550101", body="STOP", at=self.clock.now())
        self.inbound.inbound.process(text)
        self.throttled = False

    def minute(self) -> None:
        end = self.clock.now() + timedelta(minutes=1)
        self._sweep.sweep.run(end)
        self.clock.move_to(end)


def test_one_sweep_tries_only_so_many_rejected_numbers_again() -> None:
    """The others wait for the next one: thousands must not take the time and the rate of a whole sweep."""
    crowd = _Crowd(0, Rejected("ValidationException"))
    for at in range(250):
        work = RejectedWork(
            number=f"+1999{at:07d}", list_name=LIST, reason="ValidationException", since=NOON, rejections=5, version=1,
            due_at=NOON, revision=1,
        )  # fmt: skip
        crowd.ledger.reject(work)
    for left in (50, 0):
        crowd.minute()
        assert len(list(crowd.ledger.due_rejected(crowd.clock.now()))) == left


def test_imports_wait_until_every_opt_out_is_done() -> None:
    """Also where the opt-outs are more than one pass of a sweep takes."""
    crowd = _Crowd(250, Rejected("ValidationException"))
    crowd.accepts = True
    for at in range(20):
        decision = Decision(
            id=f"line-{at}", number=f"+1425557{at:04d}", asked=Wanted.OPT_OUT, at=NOON - timedelta(days=1),
            author=Author.IMPORT, through="import",
        )  # fmt: skip
        Recorder(ledger=crowd.ledger, clock=crowd.clock).record(decision, LIST)
    crowd.minute()
    listed = [number for number, _ in crowd.service.entries]
    assert len(listed) == 270
    assert not any(number.startswith("+1425557") for number in listed[:250])


@pytest.mark.slow
@pytest.mark.parametrize(
    "failure",
    [Rejected("ValidationException", "COUNTRY_NOT_ENABLED"), Rejected("AccessDeniedException")],
    ids=["invalid", "denied"],
)
def test_a_throttled_stop_is_put_within_two_minutes_before_among_and_after_rejected_numbers(failure: Rejected) -> None:
    """Two thousand opt-outs through the API take over three minutes at first, and most of the sweep's time for an hour."""
    crowd = _Crowd(2000, failure)
    for minute in range(11):
        number = f"+1425556{minute:04d}"
        if minute % 5 == 1:
            crowd.throttled_stop(number)
        crowd.minute()
        if minute % 5 == 2:
            crowd.minute()
            assert crowd.service.is_listed(f"+1425556{minute - 1:04d}", LIST), minute


def test_rejected_numbers_cost_little_once_they_are_known() -> None:
    """A day after, each has been tried once."""
    crowd = _Crowd(300, Rejected("ValidationException", "INVALID_PHONE_NUMBER"))
    for _ in range(100):
        crowd.minute()
    assert len(crowd.ledger.rejected) == 300
    before = sum(crowd.service.accepted.values())
    for _ in range(36 * 6):
        crowd.clock.advance(timedelta(minutes=9))
        crowd.minute()
    assert sum(crowd.service.accepted.values()) - before <= 600
