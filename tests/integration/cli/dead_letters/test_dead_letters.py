"""`sms-consent dead-letters`: what it shows of a dead letter, and how a redriven one is processed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.world import OURS, PERSON

from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent_cli.commands.dead_letters import queue as dead_letter_queue
from sms_consent_cli.commands.dead_letters.queue import DeadLetterReader

SECRET = "please take me off your list, Ebenezer"
NUMBERS = (PERSON.removeprefix("+"), OURS.removeprefix("+"))


# --- list


def test_a_queue_without_dead_letters_says_so(office: Any) -> None:
    """With exit code 0."""
    result = office.run("list")
    assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")
    assert office.listed() == []


def test_the_list_gives_the_functions_own_reason(office: Any) -> None:
    """It is in the message attribute."""
    office.put_aside("{}", "an SNS message of a foreign type")
    assert office.listed()[0]["reason"] == "an SNS message of a foreign type"
    assert "an SNS message of a foreign type" in " ".join(office.run("list").stdout.split())


def test_a_message_without_a_reason_points_to_the_logs_with_its_receives(office: Any) -> None:
    """SNS moves what it cannot deliver to the queue, and gives no reason."""
    office.give_up(office.text("STOP"))
    office.listed()
    assert "unknown: moved by SNS or an earlier release, see the logs (received 2 times)" in " ".join(
        office.run("list").stdout.split()
    )


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]])
def test_the_list_masks_numbers_and_shows_no_text(office: Any, arguments: list[str]) -> None:
    """They are not needed to fix a fault."""
    office.put_aside(office.text(SECRET), "some reason")
    shown = office.run(*arguments).stdout.replace("\\u2022", "•")
    assert "+1425•••0182" in shown
    assert "Ebenezer" not in shown
    assert not [number for number in NUMBERS if number in shown]


def test_the_list_shows_the_intent_of_a_text(office: Any) -> None:
    """A STOP among the dead letters is urgent."""
    for body in ("STOP", "see you at noon"):
        office.give_up(office.text(body))
    office.give_up("not JSON")
    assert sorted(letter.get("intent", "") for letter in office.listed()) == ["", "NONE", "OPT_OUT"]
    assert "3 dead letters, 1 of them probably opt-outs" in " ".join(office.run("list").stdout.split())


def test_the_age_counts_from_the_text_and_not_from_the_queue(office: Any) -> None:
    """How long has this person been waiting?"""
    waiting = office.text("STOP")
    office.inbound.world.pass_time(days=2, hours=3)
    for body in (waiting, office.text("STOP")):
        office.give_up(body)
    ages = [line[10:17].strip() for line in office.run("list").stdout.splitlines() if PERSON[:5] in line]
    assert ages == ["2 d 3 h", "0 min"]


def test_the_list_says_when_the_first_is_lost(office: Any) -> None:
    """SQS keeps nothing for ever, and counts from when a message was first sent."""
    sqs = clients.queues()
    sqs.set_queue_attributes(QueueUrl=office.dead_letters, Attributes={"MessageRetentionPeriod": "1209600"})
    office.give_up(office.text("STOP"))
    assert "SQS deletes the first on 2026-11-17." in " ".join(office.run("list").stdout.split())


def test_listing_returns_every_message(office: Any) -> None:
    """What was received is given back, so that the next look sees it at once."""
    for body in ("a", "b", "c"):
        office.give_up(body)
    office.run("list")
    assert office.bodies() == ["a", "b", "c"]


def test_more_messages_than_one_receive_brings_are_listed_once_each(office: Any) -> None:
    """SQS hands out ten at a time."""
    for number in range(37):
        office.give_up(str(number))
    assert len({letter["id"] for letter in office.listed()}) == 37


def test_a_message_that_comes_back_while_the_list_is_made_is_listed_once(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold may be over before the look is."""
    monkeypatch.setattr("sms_consent_cli.commands.dead_letters.queue.HOLD", 0)
    read = dead_letter_queue._letter

    def slowly(message: Any) -> Any:
        office.moment()
        return read(message)

    monkeypatch.setattr(dead_letter_queue, "_letter", slowly)
    for body in ("a", "b", "c"):
        office.give_up(body)
    assert len(office.listed()) == 3


def test_an_empty_list_reports_messages_held_by_another_consumer(office: Any) -> None:
    """After a look that was killed, messages are hidden for two minutes; that must not pass for good news."""
    office.give_up("a")
    clients.queues().receive_message(QueueUrl=office.dead_letters, VisibilityTimeout=120)
    shown = office.run("list").stdout
    assert "There are no dead letters." in shown
    assert "another consumer is reading 1 of them" in shown


@pytest.mark.parametrize(
    "body",
    [
        "5",
        "null",
        "[" * 50_000,
        '{"Type":"Notification","Message":"{}","Timestamp":"x"}',
        '{"originationNumber":{},"x":1}',
        "\N{RIGHT-TO-LEFT OVERRIDE}",
    ],
)
def test_any_message_can_be_listed_shown_and_redriven(office: Any, body: str) -> None:
    """Unreadable is why it is there."""
    office.put_aside(body, "some reason")
    (letter,) = office.listed()
    assert office.run("show", letter["id"], "--reveal").exit_code == 0
    assert office.run("redrive").exit_code == 0
    assert office.bodies(office.queue) == [body]


def test_external_text_is_escaped_in_the_terminal(office: Any) -> None:
    """A sender, a reason or a text may hold what moves a cursor, or half a character."""
    office.put_aside(office.text("\x1b[2J\ud800", originationNumber="\x1b[31m+1425555"), "a reason\x1b[1m")
    (letter,) = office.listed()
    for arguments in (["list"], ["show", letter["id"]], ["show", letter["id"], "--reveal"]):
        result = office.run(*arguments)
        assert result.exit_code == 0
        assert "\x1b" not in result.output


def test_in_a_pipe_there_is_no_colour(office: Any) -> None:
    """Programs read it too."""
    office.put_aside(office.text("STOP"), "some reason")
    assert "\x1b" not in office.run("list").stdout + office.run("redrive").output


def test_a_line_fits_eighty_columns(office: Any) -> None:
    """The list wraps its reasons, and nothing else."""
    office.put_aside(office.text("STOP"), "a request from a sender that is no phone number: a short code, or something")
    lines = office.run("list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith(office.listed()[0]["id"][:8] + "  0 min  +1425•••0182  OPT_OUT ")


# --- show


def test_show_masks_and_withholds(office: Any) -> None:
    """Unless asked."""
    office.put_aside(office.text(SECRET), "some reason")
    (letter,) = office.listed()
    for arguments in (["show", letter["id"]], ["show", letter["id"], "--json"]):
        shown = office.run(*arguments).stdout
        assert letter["id"] in shown
        assert "Ebenezer" not in shown
        assert not [number for number in NUMBERS if number in shown]


def test_show_reveals_what_came_when_asked(office: Any) -> None:
    """An operator may have to answer the person."""
    body = office.text(SECRET)
    office.put_aside(body, "some reason")
    (letter,) = office.listed()
    shown = office.run("show", letter["id"], "--reveal").stdout
    assert PERSON in shown
    assert SECRET in shown
    assert json.loads(office.run("show", letter["id"], "--reveal", "--json").stdout)["body"] == body


def test_the_beginning_of_an_id_is_enough(office: Any) -> None:
    """As the list shows it."""
    office.put_aside(office.text("STOP"), "some reason")
    (letter,) = office.listed()
    assert json.loads(office.run("show", letter["id"][:8].upper(), "--json").stdout)["id"] == letter["id"]


@pytest.mark.parametrize("arguments", [["show", "ffff"], ["redrive", "--id", "ffff"]])
def test_an_unknown_id_is_reported(office: Any, arguments: list[str]) -> None:
    """The message may have been redriven meanwhile."""
    result = office.run(*arguments)
    assert result.exit_code == 1
    assert "there is no dead letter 'ffff'" in result.stderr


@pytest.mark.parametrize("arguments", [["show", ""], ["redrive", "--id", ""]])
def test_an_id_that_several_share_is_refused(office: Any, arguments: list[str]) -> None:
    """Putting back the wrong one cannot be undone."""
    office.give_up("a")
    office.give_up("b")
    result = office.run(*arguments)
    assert result.exit_code == 2
    assert "2 dead letters begin with ''" in result.stderr
    assert office.bodies() == ["a", "b"]


# --- redrive


def test_redrive_puts_back_as_it_came_and_without_its_reason(office: Any) -> None:
    """The function puts a reason there again, if there is one again."""
    body = office.text("STOP")
    office.put_aside(body, "some reason")
    result = office.run("redrive")
    assert (result.exit_code, result.stdout) == (0, "1 dead letter put back into the queue.\n")
    (message,) = office.waiting(office.queue)
    assert message["Body"] == body
    assert "MessageAttributes" not in message
    assert office.bodies() == []


def test_a_stop_that_was_put_back_is_honoured(office: Any) -> None:
    """That is what it is for: with the time at which it was texted."""
    office.give_up(office.text("STOP"))
    texted = office.inbound.world.parts.clock.now()
    office.inbound.world.pass_time(days=3)
    office.run("redrive")
    office.hear()
    consent = office.inbound.consent()
    assert (consent.status, consent.decided_at) == (Status.OPTED_OUT, texted)


def test_redrive_without_dead_letters_says_so(office: Any) -> None:
    """And succeeds."""
    result = office.run("redrive")
    assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")


def test_a_dry_run_moves_nothing(office: Any) -> None:
    """It says what it would do."""
    for body in ("a", "b"):
        office.give_up(body)
    result = office.run("redrive", "--dry-run")
    assert result.stdout == "2 dead letters would be put back.\n"
    assert (office.bodies(), office.bodies(office.queue)) == (["a", "b"], [])


def test_a_dry_run_needs_no_queue_to_put_into(office: Any) -> None:
    """Nor a stack to find one."""
    office.give_up("a")
    assert office.run("redrive", "--dry-run", INBOUND_QUEUE_URL="").exit_code == 0


def test_single_ones_are_put_back_by_their_ids(office: Any) -> None:
    """The others stay, and can be seen at once."""
    for body in ("a", "b", "c"):
        office.give_up(body)
    by_body = {each["Body"]: each["MessageId"] for each in office.waiting()}
    result = office.run("redrive", "--id", by_body["a"], "--id", by_body["c"][:12], "--json")
    assert json.loads(result.stdout) == {
        "dryRun": False,
        "complete": True,
        "putBack": [by_body["a"], by_body["c"]],
        "leftHere": [],
    }
    assert (office.bodies(), office.bodies(office.queue)) == (["b"], ["a", "c"])


def test_one_id_that_is_missing_keeps_all_from_being_put_back(office: Any) -> None:
    """Half of what was asked would be hard to tell from all of it."""
    office.give_up("a")
    (letter,) = office.listed()
    assert office.run("redrive", "--id", letter["id"], "--id", "ffff").exit_code == 1
    assert office.bodies() == ["a"]


def test_what_the_queue_does_not_take_is_not_deleted(office: Any) -> None:
    """Deleted only after it was sent."""
    office.give_up("a")
    missing = office.queue + "-missing"
    result = office.run("redrive", INBOUND_QUEUE_URL=missing)
    assert result.exit_code == 3
    assert "SendMessage" in result.stderr
    assert office.bodies() == ["a"]


def test_an_interruption_between_sending_and_deleting_costs_nothing(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is processed twice, and is one decision."""
    office.give_up(office.text("STOP"))
    office.give_up(office.text("STOP", originationNumber="+14255550183"))
    move = DeadLetterReader.move

    class Interrupted:
        """SQS, until somebody presses Ctrl-C."""

        def __init__(self, sqs: Any) -> None:
            self._sqs = sqs

        def __getattr__(self, name: str) -> Any:
            if name == "delete_message":
                raise KeyboardInterrupt
            return getattr(self._sqs, name)

    def interrupted(queue: Any, letter: Any, into: str) -> bool:
        queue._sqs = Interrupted(queue._sqs)
        return move(queue, letter, into)

    monkeypatch.setattr(DeadLetterReader, "move", interrupted)
    result = office.run("redrive")
    assert result.exit_code != 0
    assert "Stopped early: 0 dead letters put back" in result.stdout
    assert len(office.waiting(office.queue)) == 1
    assert len(office.waiting()) == 2
    monkeypatch.setattr(DeadLetterReader, "move", move)
    assert office.run("redrive").stdout == "2 dead letters put back into the queue.\n"
    office.hear()
    assert len(office.inbound.world.history()) == 2
    assert office.bodies() == []


def test_what_comes_back_while_it_runs_is_not_put_back_again(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What still cannot be read is a dead letter again at once: that must not go round for ever."""
    for body in ("{}", "5", "null"):
        office.put_aside(body, "some reason")
    move = DeadLetterReader.move

    def heard_at_once(queue: Any, letter: Any, into: str) -> bool:
        moved = move(queue, letter, into)
        office.hear()
        return moved

    monkeypatch.setattr(DeadLetterReader, "move", heard_at_once)
    result = office.run("redrive")
    assert result.exit_code == 0
    assert "3 dead letters put back into the queue. 3 of them came back meanwhile" in result.stdout
    assert office.bodies() == ["5", "null", "{}"]


def test_a_bare_payload_keeps_its_place_in_time(office: Any) -> None:
    """Raw delivery leaves a text no time but the queue's; a new one would set an old START over a younger STOP."""
    payload = {
        "originationNumber": PERSON,
        "destinationNumber": OURS,
        "messageBody": "START",
        "inboundMessageId": "old",
    }
    office.give_up(json.dumps(payload))
    office.inbound.world.pass_time(hours=1)
    office.inbound.hear("STOP")
    office.inbound.world.pass_time(hours=1)
    office.run("redrive")
    office.hear()
    assert office.inbound.consent().status is Status.OPTED_OUT
    assert len(office.inbound.world.history()) == 2


def test_without_a_stack_the_command_says_how_to_name_a_queue(office: Any) -> None:
    """Which queue it is cannot be guessed."""
    result = office.run("list", "--stack", "nowhere", DEAD_LETTER_QUEUE_URL="")
    assert result.exit_code == 3
    assert "there is no stack nowhere" in result.stderr
    assert "--dead-letter-queue" in result.stderr
