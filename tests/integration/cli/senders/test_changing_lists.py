"""People who texted STOP to a number stay opted out when its list changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.changing_lists import Changing
from support.intercepted import Killed
from support.world import LIST, OURS, PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb import consent_scan as scan
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.adapters.dynamodb.known_lists import Lists
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.consent import Status
from sms_consent.domain.ports import Sender
from sms_consent.recording.list_copy import ListCopy

NOW = datetime(2026, 11, 3, 14, tzinfo=UTC)
OTHER = "+14255550183"
SECOND = "+12125550102"


def _pending(changing: Changing, number: str = PERSON) -> None:
    """A person whose second START waits for the 30 days."""
    for body in ("STOP", "START", "STOP", "START"):
        changing.text(body, number)
    consent = changing.consent(LIST, number)
    assert consent is not None
    assert consent.status is Status.OPT_IN_PENDING


# --- refused


def test_a_list_on_which_people_are_opted_out_is_not_left_without_a_choice(changing: Changing) -> None:
    """The refusal says how many there are, and what the choices are; nothing changes."""
    changing.text("STOP")
    changing.text("STOP", OTHER)
    result = changing.run("senders", "set", OURS, "--list", "Club")
    assert result.exit_code == 2
    assert "2 people are opted out on Default, and not on Club" in result.stderr
    assert "--carry" in result.stderr
    assert "--forget" in result.stderr
    assert changing.sender_list() is None
    assert changing.is_opted_out()


def test_a_waiting_opt_in_counts_too(changing: Changing) -> None:
    """It would be forgotten that the person asked for texts."""
    _pending(changing)
    result = changing.run("senders", "set", OURS, "--list", "Club")
    assert "1 person is opted out on Default (1 of them with a pending opt-in)" in result.stderr


def test_people_opted_out_on_the_new_list_or_opted_in_do_not_count(changing: Changing) -> None:
    """A change that forgets nobody needs no choice, and no waiting."""
    changing.done("senders", "set", SECOND, "--list", "Club")
    changing.text("STOP")
    changing.text("STOP", to=SECOND)
    changing.text("STOP", OTHER)
    changing.text("START", OTHER)
    changing.done("senders", "set", OURS, "--list", "Club")
    assert changing.waited == []


def test_both_choices_at_once_are_refused(changing: Changing) -> None:
    """One of them is a mistake."""
    assert changing.run("senders", "set", OURS, "--list", "Club", "--carry", "--forget").exit_code == 2


def test_another_brand_is_no_other_list(changing: Changing) -> None:
    """Nor is the same list by its ARN."""
    changing.text("STOP")
    changing.done("senders", "set", OURS, "--brand", "The Club")
    changing.done("senders", "set", OURS, "--list", "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Default")
    assert changing.copies() == []


def test_a_removed_sender_would_forget_them_too(changing: Changing) -> None:
    """It falls back to the stack's list."""
    changing.done("senders", "set", OURS, "--list", "Club")
    changing.text("STOP")
    result = changing.run("senders", "remove", OURS)
    assert result.exit_code == 2
    assert "1 person is opted out on Club, and not on Default" in result.stderr
    assert changing.sender_list() == "Club"


def test_one_line_that_would_leave_out_a_person_stops_the_import(changing: Changing, tmp_path: Path) -> None:
    """Nothing is set before the choice is made, also in a dry run."""
    changing.done("senders", "set", SECOND, "--list", "Alerts")
    changing.text("STOP")
    changing.text("STOP", OTHER, to=SECOND)
    file = tmp_path / "senders.csv"
    file.write_text(f"identity,list\n+12125550103,\n{OURS},Club\n{SECOND},Club\n")
    for options in ((), ("--dry-run",)):
        result = changing.run("senders", "import", str(file), *options)
        assert result.exit_code == 2
        assert "1 person is opted out on Alerts, and not on Club" in result.stderr
        assert "1 person is opted out on Default, and not on Club" in result.stderr
    assert changing.sender_list() is None
    changing.done("senders", "import", str(file), "--carry")
    assert (changing.is_opted_out(), changing.is_opted_out(OTHER)) == (True, True)
    assert 60 < sum(changing.waited) <= 90


# --- carried


def test_a_carry_keeps_all_people_opted_out(changing: Changing) -> None:
    """In the API's answer at once, and on the list after the next sweep, with the time and with who had asked."""
    changing.text("STOP")
    before = changing.consent(LIST)
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert changing.sender_list() == "Club"
    assert changing.is_opted_out()
    changing.sweep()
    assert PERSON in changing.listed("Club")
    after = changing.consent("Club")
    assert before is not None
    assert after is not None
    assert (after.decided_at, after.end_user_opted_out) == (before.decided_at, True)
    assert changing.copies() == []
    assert "opt-out list Default" in changing.done("history", PERSON).stdout


@pytest.mark.parametrize("command", ["remove", "import"])
def test_other_commands_carry_too(changing: Changing, tmp_path: Path, command: str) -> None:
    """Whatever changes a sender's list."""
    changing.done("senders", "set", OURS, "--list", "Club")
    changing.text("STOP")
    file = tmp_path / "senders.csv"
    file.write_text(f"identity,list\n{OURS},{LIST}\n")
    arguments = {"remove": OURS, "import": str(file)}
    changing.done("senders", command, arguments[command], "--carry")
    changing.sweep()
    assert changing.is_opted_out()
    assert PERSON in changing.listed(LIST)


def test_a_stop_that_a_function_records_for_the_old_list_meanwhile_is_carried(changing: Changing) -> None:
    """Functions remember a sender for a minute: the command waits for longer."""
    changing.text("STOP", OTHER)  # the function knows the sender from now on
    changing.while_waiting.append(lambda: changing.text("STOP"))
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert changing.consent(LIST) is not None
    assert changing.is_opted_out()
    changing.sweep()
    assert changing.listed("Club") == {PERSON, OTHER}


@pytest.mark.parametrize(
    ("text", "choice"), [("STOP", "--carry"), ("stop texting me", "--carry"), ("STOP", "--forget")]
)
def test_a_stop_that_a_suspended_function_records_for_the_old_list_is_copied_a_day_later(
    changing: Changing, text: str, choice: str
) -> None:
    """The process stands still between its look-up of the list and its write, for longer than the copy waits."""
    with changing.suspended_before("PutItem", lambda: changing.done("senders", "set", OURS, "--list", "Club", choice)):
        changing.text(text)
    assert changing.consent("Club") is None
    if choice == "--carry":  # else it came before the choice to forget
        assert changing.is_opted_out()
    changing.settle()
    changing.world.pass_time(hours=23)
    changing.settle()
    assert changing.consent("Club") is None
    changing.world.pass_time(hours=1)
    changing.settle()
    assert (PERSON in changing.listed("Club")) == (choice == "--carry")
    assert changing.rechecks() == []


def test_the_second_copy_brings_nothing_from_after_the_change(changing: Changing) -> None:
    """Other senders still use the old list: their STOPs count there only."""
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    changing.world.pass_time(minutes=2)
    changing.text("STOP", to=SECOND)
    assert changing.rechecks() == [(LIST, "Club")]
    changing.world.pass_time(hours=25)
    changing.settle()
    assert changing.rechecks() == []
    assert changing.consent(LIST) is not None
    assert changing.consent("Club") is None


def test_a_start_meanwhile_is_carried(changing: Changing) -> None:
    """The first pass has copied the opt-out; the person has opted in since."""
    changing.text("STOP")
    changing.while_waiting.append(lambda: changing.text("START"))
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert not changing.is_opted_out()
    changing.sweep()
    assert PERSON not in changing.listed("Club")


def test_a_newer_decision_on_the_new_list_applies(changing: Changing) -> None:
    """The person has opted in there since."""
    changing.done("senders", "set", SECOND, "--list", "Club")
    changing.text("STOP")
    changing.text("STOP", to=SECOND)
    changing.text("START", to=SECOND)
    changing.text("STOP", OTHER)
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert not changing.is_opted_out(sender=SECOND)
    assert changing.is_opted_out(OTHER)


def test_an_opt_out_of_another_sender_is_not_lifted_by_an_older_sender_s_start(changing: Changing) -> None:
    """A START to one number takes nobody off a list that they opted out of by another number."""
    changing.done("senders", "set", SECOND, "--list", "Club")
    changing.text("STOP", to=SECOND)
    changing.world.pass_time(minutes=2)
    _pending(changing)
    changing.text("STOP", OTHER)
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert changing.is_opted_out(sender=SECOND)


def test_a_waiting_opt_in_holds_on_the_new_list(changing: Changing) -> None:
    """The number was never on it, so that there are no 30 days to wait for and nothing to delete."""
    _pending(changing)
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    changing.sweep()
    consent = changing.consent("Club")
    assert consent is not None
    assert (consent.status, consent.settled) == (Status.OPTED_IN, True)
    assert not changing.is_opted_out()
    assert PERSON not in changing.listed("Club")


@pytest.mark.slow
def test_a_ledger_of_more_than_a_page_is_carried(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page."""
    monkeypatch.setattr(scan, "SCANNED", 3)
    for at in range(7):
        changing.world.opt_out(number=f"+1425556{at:04}")
    result = changing.run("senders", "set", OURS, "--list", "Club")
    assert "7 people are opted out" in result.stderr
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    assert all(changing.consent("Club", f"+1425556{at:04}") is not None for at in range(7))


@pytest.mark.slow
def test_a_carry_that_is_killed_at_any_call_is_completed_by_repeating_it(changing: Changing) -> None:
    """Nobody is forgotten in between either."""
    changing.text("STOP")
    call, target, other = 0, "Club", LIST
    while changing.killed_at(call, "senders", "set", OURS, "--list", target, "--carry"):
        assert changing.is_opted_out(), call
        if call % 3 == 0:
            changing.done("senders", "set", OURS, "--list", target, "--carry")
            assert changing.is_opted_out(), call
            assert changing.copies() == [], call
            target, other = other, target
        call += 1
    assert call > 10


def test_a_carry_that_is_killed_is_completed_by_reconcile_function(changing: Changing) -> None:
    """Also if the command is not repeated."""

    def killed() -> None:
        raise Killed

    changing.text("STOP", OTHER)
    changing.while_waiting += [lambda: changing.text("STOP"), killed]
    with pytest.raises(Killed):
        changing.run("senders", "set", OURS, "--list", "Club", "--carry")
    changing.while_waiting.clear()
    assert changing.copies() == [(LIST, "Club")]
    changing.settle()
    assert changing.copies() == []
    assert PERSON in changing.listed("Club")


# --- forgotten, or nobody to forget


def test_opt_outs_are_left_out_with_forget(changing: Changing) -> None:
    """At once, and it stays so."""
    changing.text("STOP")
    changing.done("senders", "set", OURS, "--list", "Club", "--forget")
    assert not changing.is_opted_out()
    changing.settle()
    assert not changing.is_opted_out()
    assert changing.listed("Club") == set()
    assert changing.waited == []


@pytest.mark.parametrize("options", [(), ("--forget",)])
def test_a_stop_right_after_a_change_without_a_carry_is_not_forgotten(
    changing: Changing, options: tuple[str, ...]
) -> None:
    """A function still records it for the old list: it counts for the new one at once, and is copied minutes later."""
    changing.text("hello")
    changing.text("STOP", OTHER)
    changing.text("START", OTHER)
    changing.done("senders", "set", OURS, "--list", "Club", *options)
    changing.text("STOP")
    assert changing.consent("Club") is None
    assert changing.is_opted_out()
    changing.settle()
    assert PERSON in changing.listed("Club")
    assert changing.copies() == []


# --- the stack's own list


def test_a_stack_with_another_list_keeps_all_opt_outs(changing: Changing) -> None:
    """Counted at once, and copied by ReconcileFunction."""
    changing.text("STOP")
    changing.settle()
    changing.redeployed("Club")
    assert changing.is_opted_out()
    changing.settle()
    assert PERSON in changing.listed("Club")
    assert changing.is_opted_out()
    assert changing.copies() == []
    changing.text("STOP", OTHER)
    assert changing.consent("Club", OTHER) is not None


def test_a_stack_with_another_list_keeps_all_opt_outs_before_any_function_ran(changing: Changing) -> None:
    """The person's text to this sender is looked for on every list; a text to another sender is not."""
    clients.dynamodb().put_item(TableName="ledger", Item=encode(Sender(identity=SECOND, list_name="Alerts")))
    changing.text("STOP")
    changing.text("STOP", OTHER, to=SECOND)
    changing.redeployed("Club")
    assert changing.is_opted_out()
    assert not changing.is_opted_out(OTHER)
    assert changing.is_opted_out(OTHER, sender=SECOND)
    changing.text("START")
    assert not changing.is_opted_out()


def test_a_sender_that_is_changed_without_the_command_keeps_all_opt_outs(changing: Changing) -> None:
    """As an older command changes it."""
    changing.text("STOP")
    SenderStore(clients.dynamodb(), "ledger").write(Sender(identity=OURS, list_name="Club"))
    changing.cold_start()
    assert changing.is_opted_out()
    assert not changing.is_opted_out(OTHER)


def test_a_stack_with_another_list_respects_a_start_to_the_new_one(changing: Changing) -> None:
    """It is the newest request."""
    changing.text("STOP")
    changing.settle()
    changing.redeployed("Club")
    changing.text("START")
    assert not changing.is_opted_out()
    changing.settle()
    assert not changing.is_opted_out()
    assert PERSON not in changing.listed("Club")


def test_a_stack_s_old_list_can_be_forgotten(changing: Changing) -> None:
    """By name, before it is copied."""
    changing.text("STOP")
    changing.settle()
    changing.redeployed("Club")
    changing.reconciler.run()
    assert changing.copies() == [(LIST, "Club")]
    assert "Default is no longer copied to Club" in changing.done("lists", "carry", LIST, "Club", "--forget").stdout
    changing.settle()
    assert not changing.is_opted_out()


def test_lists_shows_incomplete_copies_and_can_complete_them(changing: Changing) -> None:
    """Without waiting for the function."""
    changing.text("STOP")
    changing.settle()
    changing.redeployed("Club")
    changing.reconciler.run()
    assert "Opt-outs of Default are still being copied to Club." in changing.done("lists", "list").stdout
    changing.done("lists", "carry", LIST, "Club")
    assert changing.copies() == []
    assert changing.consent("Club") is not None


def test_doctor_reports_a_stack_with_another_list_until_it_is_copied(changing: Changing) -> None:
    """With the command that copies it."""
    changing.text("STOP")
    changing.settle()
    assert changing.run("doctor").exit_code == 0
    changing.redeployed("Club")
    result = changing.run("doctor")
    assert result.exit_code == 1
    assert "not all opt-outs of Default are copied to Club" in result.stdout
    assert "sms-consent lists carry Default Club" in result.stdout
    changing.settle()
    assert changing.run("doctor").exit_code == 0


def test_doctor_reports_a_copy_that_takes_too_long(changing: Changing) -> None:
    """Something keeps ReconcileFunction from it."""
    changing.done("senders", "set", OURS, "--list", "Club")
    assert changing.run("doctor").exit_code == 0
    changing.world.pass_time(hours=2)
    assert "not all opt-outs of Default are copied to Club" in changing.run("doctor").stdout


# --- what functions remember


def test_a_clock_that_is_set_back_does_not_prolong_what_a_function_remembers(changing: Changing) -> None:
    """It would record for a sender's old list long after the copy."""
    changing.text("STOP", OTHER)  # the function knows the sender and the lists from now on
    changing.done("senders", "set", OURS, "--list", "Club", "--carry")
    changing.world.pass_time(hours=-5)
    changing.text("STOP")
    assert changing.consent(LIST) is None
    assert changing.consent("Club") is not None


# --- two changes between the same lists


def test_a_copy_that_is_asked_for_again_is_not_complete() -> None:
    """What a function recorded for the old list after the second change is missing from the first copy."""
    first = ListCopy(source=LIST, target="Club", at=NOW)
    again = Lists(copies=(first,)).with_copy(replace(first, at=NOW + timedelta(minutes=1)))
    assert Lists(copies=again).completed(first).copies == again
    assert Lists(copies=again).completed(again[0]).copies == ()


@pytest.mark.parametrize("since", [None, NOW - timedelta(hours=1)])
def test_a_pending_copy_is_not_narrowed_by_a_smaller_one(since: datetime | None) -> None:
    """One sender may have been changed with --forget while another was changed with --carry."""
    (copy,) = Lists(copies=(ListCopy(source=LIST, target="Club", at=NOW, since=since, place="half-way"),)).with_copy(
        ListCopy(source=LIST, target="Club", at=NOW, since=NOW)
    )
    assert (copy.since, copy.place) == (since, None)
