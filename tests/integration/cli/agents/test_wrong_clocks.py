"""Commands on a machine with a wrong clock: AWS's time counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from support.connectable import NUMBER, OLD_LIST, OWN_LIST, Connectable
from support.world import PERSON

from sms_consent.domain import transitions as progress
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked

OFF = [timedelta(minutes=4, seconds=50), timedelta(days=365), -timedelta(minutes=4), -timedelta(days=300)]
A_SECOND = timedelta(seconds=1)


def consent(stack: Connectable, list_name: str = OWN_LIST) -> Consent:
    found = stack.world.parts.ledger.consent(PERSON, list_name)
    assert found is not None
    return found


def now(stack: Connectable) -> datetime:
    return stack.world.parts.clock.now()


def warnings(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("warning:")]


@pytest.mark.parametrize("off", OFF)
def test_a_stop_right_after_an_agents_opt_in_counts(stack: Connectable, off: timedelta) -> None:
    """However far the agent's clock is ahead; and so does every further one."""
    stack.text("STOP")
    stack.world.pass_time(minutes=1)
    with stack.machine_ahead(off):
        assert stack.run("opt-in", PERSON).exit_code == 0
    assert consent(stack).decided_at == now(stack)
    for _ in range(2):
        stack.world.pass_time(seconds=2)
        stack.text("STOP")
        assert (consent(stack).status, PERSON in stack.listed(OWN_LIST)) == (Status.OPTED_OUT, True)


@pytest.mark.parametrize("off", OFF)
def test_an_agents_opt_out_after_a_start_counts(stack: Connectable, off: timedelta) -> None:
    """However far the agent's clock is behind."""
    stack.text("STOP")
    stack.world.pass_time(days=31)
    stack.text("START")
    stack.world.pass_time(seconds=2)
    with stack.machine_ahead(off):
        assert stack.run("opt-out", PERSON).exit_code == 0
    assert (consent(stack).status, PERSON in stack.listed(OWN_LIST)) == (Status.OPTED_OUT, True)


def test_an_opt_in_counts_from_the_start_of_its_second_and_an_opt_out_to_its_end(stack: Connectable) -> None:
    """AWS tells whole seconds only, and of two readings the one counts that opts out."""
    stack.world.pass_time(milliseconds=400)
    second = now(stack).replace(microsecond=0)
    assert stack.run("opt-in", PERSON).exit_code == 0
    assert consent(stack).decided_at == second
    assert stack.run("opt-out", PERSON).exit_code == 0
    assert consent(stack).decided_at == second + timedelta(milliseconds=999)


@pytest.mark.parametrize("hours", [0, 5, 60])
def test_a_stop_of_the_same_second_that_arrives_late_counts(stack: Connectable, hours: int) -> None:
    """The topic's time is exact, and the opt-in's is not: the STOP may be the newer one."""
    stack.world.pass_time(milliseconds=900)
    texted = now(stack) - timedelta(milliseconds=500)
    with stack.machine_ahead(timedelta(minutes=4)):
        assert stack.run("opt-in", PERSON).exit_code == 0
    stack.world.pass_time(hours=hours)
    stack.text("STOP", at=texted)
    assert consent(stack).status is Status.OPTED_OUT


@pytest.mark.parametrize("off", [*OFF, timedelta(seconds=4), -timedelta(seconds=4)])
def test_a_clock_that_is_off_is_warned_of_once(stack: Connectable, off: timedelta) -> None:
    """On standard error, with the difference."""
    with stack.machine_ahead(off):
        result = stack.run("opt-out", PERSON)
    (warning,) = warnings(result.stderr)
    assert ("ahead of AWS's" in warning) is (off > timedelta())
    assert ("behind AWS's" in warning) is (off < timedelta())


def test_the_warning_says_how_far(stack: Connectable) -> None:
    """In its two largest units."""
    with stack.machine_ahead(timedelta(minutes=4, seconds=50)):
        assert "4 min 49 s ahead" in stack.run("opt-out", PERSON).stderr  # at least: AWS tells whole seconds
    with stack.machine_ahead(-timedelta(days=2, hours=3)):
        assert "2 days 3 h behind" in stack.run("opt-out", PERSON).stderr


@pytest.mark.parametrize("off", [timedelta(), A_SECOND, -A_SECOND])
def test_a_clock_that_is_right_is_not_warned_of(stack: Connectable, off: timedelta) -> None:
    """Two seconds are tolerated."""
    with stack.machine_ahead(off):
        assert warnings(stack.run("opt-out", PERSON).stderr) == []


@pytest.mark.parametrize("command", ["opt-out", "opt-in"])
def test_without_aws_time_nothing_is_recorded(stack: Connectable, command: str) -> None:
    """The machine's own clock is no replacement."""
    for dated in (None, "", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "99"):
        stack.dated = dated
        result = stack.run(command, PERSON)
        assert result.exit_code == 3, dated
        assert "Date header" in result.stderr
    stack.dated = "as AWS does"
    assert stack.told("history", PERSON) == (1, {"number": PERSON, "decisions": []})


@pytest.mark.parametrize("call", ["DescribeStacks", "GetItem"])
def test_a_signature_that_aws_refuses_may_be_the_clock(stack: Connectable, call: str) -> None:
    """Five minutes are the most that AWS takes."""

    def refuse(operation: str) -> None:
        if operation == call:
            raise ClientError({"Error": {"Code": "InvalidSignatureException", "Message": "Signature expired"}}, call)

    with stack.looking(refuse):
        result = stack.run("opt-out", PERSON)
    assert result.exit_code == 3
    assert "set the clock" in result.output


def test_a_machine_that_slept_asks_for_the_time_again(stack: Connectable) -> None:
    """What it knew an hour ago is no longer used."""
    slept: list[str] = []

    def look(call: str) -> None:
        if call == "GetCallerIdentity" and not slept:
            slept.append(call)
            stack.world.pass_time(hours=1)

    with stack.looking(look):
        assert stack.run("opt-out", PERSON).exit_code == 0
    assert slept
    assert consent(stack).decided_at == now(stack) + timedelta(milliseconds=999)


def test_erase_waits_for_a_worker_whose_lease_has_not_ended(stack: Connectable) -> None:
    """By AWS's time: else what the worker writes next would bring a part of the history back."""
    stack.world.parts.recorder.record(stack.world.decision(Asked.OPT_OUT), OWN_LIST, reply_from=None)
    standing = consent(stack)
    lease = stack.world.parts.sync.try_lease(opting_out=True, answering=False, now=now(stack))
    assert lease is not None
    stack.world.parts.ledger.save(progress.leased(standing, lease, now(stack)), replacing=standing)
    with stack.machine_ahead(timedelta(hours=1)):
        assert stack.run("erase", PERSON, "--yes").exit_code == 0
    assert now(stack) >= lease.until


@pytest.mark.parametrize("off", OFF)
def test_an_import_is_dated_by_aws(stack: Connectable, off: timedelta, tmp_path: Path) -> None:
    """An opt-out of today counts up to now, and an opt-in of tomorrow is refused."""
    today, tomorrow = now(stack).date(), now(stack) + timedelta(hours=20)
    file = tmp_path / "numbers.csv"
    file.write_text(
        f"phone,status,date\n{PERSON},opted out,{today}\n+14255550183,opted in,{tomorrow:%Y-%m-%dT%H:%M:%SZ}\n"
    )
    with stack.machine_ahead(off):
        result = stack.run("import", str(file), "--opt-ins")
    assert consent(stack).decided_at == now(stack), result.output
    assert stack.world.parts.ledger.consent("+14255550183", OWN_LIST) is None


@pytest.mark.parametrize("off", [timedelta(days=365), -timedelta(days=300)])
def test_reconcile_judges_and_writes_by_aws_time(stack: Connectable, off: timedelta) -> None:
    """What it records of the list, and its own lease and run."""
    stack.world.aws.put_opted_out_number(OptOutListName=OWN_LIST, OptedOutNumber=PERSON)
    stack.world.pass_time(minutes=30)
    with stack.machine_ahead(off):
        assert stack.run("reconcile").exit_code == 1
    assert abs(consent(stack).drift_found_at - now(stack)) < timedelta(minutes=1)  # type: ignore[operator]
    times = [
        datetime.fromisoformat(value["S"])
        for item in stack.world.items()
        for value in item.values()
        if "S" in value and value["S"].endswith("Z") and value["S"][:2] == "20"
    ]
    assert all(abs(each - now(stack)) < timedelta(days=40) for each in times)


@pytest.mark.parametrize("off", OFF)
def test_connect_works_with_a_wrong_clock(stack: Connectable, off: timedelta) -> None:
    """The test texts, the copied opt-outs and the waiting."""
    stack.world.backend.receive_text(PERSON, NUMBER, "STOP")
    at = now(stack)
    stack.world.pass_time(minutes=5)
    with stack.machine_ahead(off):
        assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    assert (consent(stack).decided_at, PERSON in stack.listed(OWN_LIST)) == (at, True)
    assert OLD_LIST not in stack.handling()
    assert datetime.now(UTC) == now(stack)
