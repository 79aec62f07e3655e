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


def test_a_queue_without_dead_letters_says_so(operator: Any) -> None:
    """With exit code 0."""
    result = operator.run("list")
    assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")
    assert operator.listed() == []


def test_the_list_gives_the_functions_own_reason(operator: Any) -> None:
    """It is in the message attribute."""
    operator.put_aside("{}", "an SNS message of a foreign type")
    assert operator.listed()[0]["reason"] == "an SNS message of a foreign type"
    assert "an SNS message of a foreign type" in " ".join(operator.run("list").stdout.split())


def test_a_message_without_a_reason_points_to_the_logs_with_its_receives(operator: Any) -> None:
    """SNS moves what it cannot deliver to the queue, and gives no reason."""
    operator.give_up(operator.text("STOP"))
    operator.listed()
    assert "unknown: moved by SNS or an earlier release, see the logs (received 2 times)" in " ".join(
        operator.run("list").stdout.split()
    )


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]])
def test_the_list_masks_numbers_and_shows_no_text(operator: Any, arguments: list[str]) -> None:
    """They are not needed to fix a fault."""
    operator.put_aside(operator.text(SECRET), "some reason")
    shown = operator.run(*arguments).stdout.replace("\\u2022", "•")
    assert "+1425•••0182" in shown
    assert "Ebenezer" not in shown
    assert not [number for number in NUMBERS if number in shown]


def test_the_list_shows_the_intent_of_a_text(operator: Any) -> None:
    """A STOP among the dead letters is urgent."""
    for body in ("STOP", "see you at noon"):
        operator.give_up(operator.text(body))
    operator.give_up("not JSON")
    assert sorted(letter.get("intent", "") for letter in operator.listed()) == ["", "NONE", "OPT_OUT"]
    assert "3 dead letters, 1 of them probably opt-outs" in " ".join(operator.run("list").stdout.split())


def test_the_age_counts_from_the_text_and_not_from_the_queue(operator: Any) -> None:
    """How long has this person been waiting?"""
    waiting = operator.text("STOP")
    operator.inbound.world.pass_time(days=2, hours=3)
    for body in (waiting, operator.text("STOP")):
        operator.give_up(body)
    ages = [line[10:17].strip() for line in operator.run("list").stdout.splitlines() if PERSON[:5] in line]
    assert ages == ["2 d 3 h", "0 min"]


def test_the_list_says_when_the_first_is_lost(operator: Any) -> None:
    """SQS keeps nothing for ever, and counts from when a message was first sent."""
    sqs = clients.queues()
    sqs.set_queue_attributes(QueueUrl=operator.dead_letters, Attributes={"MessageRetentionPeriod": "1209600"})
    operator.give_up(operator.text("STOP"))
    assert "SQS deletes the first on 2026-11-17." in " ".join(operator.run("list").stdout.split())


def test_listing_returns_every_message(operator: Any) -> None:
    """What was received is given back, so that the next look sees it at once."""
    for body in ("a", "b", "c"):
        operator.give_up(body)
    operator.run("list")
    assert operator.bodies() == ["a", "b", "c"]


def test_more_messages_than_one_receive_brings_are_listed_once_each(operator: Any) -> None:
    """SQS hands out ten at a time."""
    for number in range(37):
        operator.give_up(str(number))
    assert len({letter["id"] for letter in operator.listed()}) == 37


def test_a_message_that_comes_back_while_the_list_is_made_is_listed_once(
    operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold may be over before the look is."""
    monkeypatch.setattr("sms_consent_cli.commands.dead_letters.queue.HOLD", 0)
    read = dead_letter_queue._letter

    def slowly(message: Any) -> Any:
        operator.moment()
        return read(message)

    monkeypatch.setattr(dead_letter_queue, "_letter", slowly)
    for body in ("a", "b", "c"):
        operator.give_up(body)
    assert len(operator.listed()) == 3


def test_an_empty_list_reports_messages_held_by_another_consumer(operator: Any) -> None:
    """After a look that was killed, messages are hidden for two minutes; that must not pass for good news."""
    operator.give_up("a")
    clients.queues().receive_message(QueueUrl=operator.dead_letters, VisibilityTimeout=120)
    shown = operator.run("list").stdout
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
def test_any_message_can_be_listed_shown_and_redriven(operator: Any, body: str) -> None:
    """Unreadable is why it is there."""
    operator.put_aside(body, "some reason")
    (letter,) = operator.listed()
    assert operator.run("show", letter["id"], "--reveal").exit_code == 0
    assert operator.run("redrive").exit_code == 0
    assert operator.bodies(operator.queue) == [body]


def test_external_text_is_escaped_in_the_terminal(operator: Any) -> None:
    """A sender, a reason or a text may hold what moves a cursor, or half a character."""
    operator.put_aside(operator.text("\x1b[2J\ud800", originationNumber="\x1b[31m+1425555"), "a reason\x1b[1m")
    (letter,) = operator.listed()
    for arguments in (["list"], ["show", letter["id"]], ["show", letter["id"], "--reveal"]):
        result = operator.run(*arguments)
        assert result.exit_code == 0
        assert "\x1b" not in result.output


def test_in_a_pipe_there_is_no_colour(operator: Any) -> None:
    """Programs read it too."""
    operator.put_aside(operator.text("STOP"), "some reason")
    assert "\x1b" not in operator.run("list").stdout + operator.run("redrive").output


def test_a_line_fits_eighty_columns(operator: Any) -> None:
    """The list wraps its reasons, and nothing else."""
    operator.put_aside(
        operator.text("STOP"), "a request from a sender that is no phone number: a short code, or something"
    )
    lines = operator.run("list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith(operator.listed()[0]["id"][:8] + "  0 min  +1425•••0182  OPT_OUT ")


# --- show


def test_show_masks_and_withholds(operator: Any) -> None:
    """Unless asked."""
    operator.put_aside(operator.text(SECRET), "some reason")
    (letter,) = operator.listed()
    for arguments in (["show", letter["id"]], ["show", letter["id"], "--json"]):
        shown = operator.run(*arguments).stdout
        assert letter["id"] in shown
        assert "Ebenezer" not in shown
        assert not [number for number in NUMBERS if number in shown]


def test_show_reveals_what_came_when_asked(operator: Any) -> None:
    """An operator may have to answer the person."""
    body = operator.text(SECRET)
    operator.put_aside(body, "some reason")
    (letter,) = operator.listed()
    shown = operator.run("show", letter["id"], "--reveal").stdout
    assert PERSON in shown
    assert SECRET in shown
    assert json.loads(operator.run("show", letter["id"], "--reveal", "--json").stdout)["body"] == body


def test_the_beginning_of_an_id_is_enough(operator: Any) -> None:
    """As the list shows it."""
    operator.put_aside(operator.text("STOP"), "some reason")
    (letter,) = operator.listed()
    assert json.loads(operator.run("show", letter["id"][:8].upper(), "--json").stdout)["id"] == letter["id"]


@pytest.mark.parametrize("arguments", [["show", "ffff"], ["redrive", "--id", "ffff"]])
def test_an_unknown_id_is_reported(operator: Any, arguments: list[str]) -> None:
    """The message may have been redriven meanwhile."""
    result = operator.run(*arguments)
    assert result.exit_code == 1
    assert "there is no dead letter 'ffff'" in result.stderr


@pytest.mark.parametrize("arguments", [["show", ""], ["redrive", "--id", ""]])
def test_an_id_that_several_share_is_refused(operator: Any, arguments: list[str]) -> None:
    """Putting back the wrong one cannot be undone."""
    operator.give_up("a")
    operator.give_up("b")
    result = operator.run(*arguments)
    assert result.exit_code == 2
    assert "2 dead letters begin with ''" in result.stderr
    assert operator.bodies() == ["a", "b"]


# --- redrive


def test_redrive_puts_back_as_it_came_and_without_its_reason(operator: Any) -> None:
    """The function puts a reason there again, if there is one again."""
    body = operator.text("STOP")
    operator.put_aside(body, "some reason")
    result = operator.run("redrive")
    assert (result.exit_code, result.stdout) == (0, "1 dead letter put back into the queue.\n")
    (message,) = operator.waiting(operator.queue)
    assert message["Body"] == body
    assert "MessageAttributes" not in message
    assert operator.bodies() == []


def test_a_stop_that_was_put_back_is_honoured(operator: Any) -> None:
    """That is what it is for: with the time at which it was texted."""
    operator.give_up(operator.text("STOP"))
    texted = operator.inbound.world.parts.clock.now()
    operator.inbound.world.pass_time(days=3)
    operator.run("redrive")
    operator.process()
    consent = operator.inbound.consent()
    assert (consent.status, consent.decided_at) == (Status.OPTED_OUT, texted)


def test_redrive_without_dead_letters_says_so(operator: Any) -> None:
    """And succeeds."""
    result = operator.run("redrive")
    assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")


def test_a_dry_run_moves_nothing(operator: Any) -> None:
    """It says what it would do."""
    for body in ("a", "b"):
        operator.give_up(body)
    result = operator.run("redrive", "--dry-run")
    assert result.stdout == "2 dead letters would be put back.\n"
    assert (operator.bodies(), operator.bodies(operator.queue)) == (["a", "b"], [])


def test_a_dry_run_needs_no_queue_to_put_into(operator: Any) -> None:
    """Nor a stack to find one."""
    operator.give_up("a")
    assert operator.run("redrive", "--dry-run", INBOUND_QUEUE_URL="").exit_code == 0


def test_single_messages_are_redriven_by_id(operator: Any) -> None:
    """The others stay, and can be seen at once."""
    for body in ("a", "b", "c"):
        operator.give_up(body)
    by_body = {each["Body"]: each["MessageId"] for each in operator.waiting()}
    result = operator.run("redrive", "--id", by_body["a"], "--id", by_body["c"][:12], "--json")
    assert json.loads(result.stdout) == {
        "dryRun": False,
        "complete": True,
        "putBack": [by_body["a"], by_body["c"]],
        "leftHere": [],
    }
    assert (operator.bodies(), operator.bodies(operator.queue)) == (["b"], ["a", "c"])


def test_one_id_that_is_missing_keeps_all_from_being_put_back(operator: Any) -> None:
    """Half of what was asked would be hard to tell from all of it."""
    operator.give_up("a")
    (letter,) = operator.listed()
    assert operator.run("redrive", "--id", letter["id"], "--id", "ffff").exit_code == 1
    assert operator.bodies() == ["a"]


def test_what_the_queue_does_not_take_is_not_deleted(operator: Any) -> None:
    """Deleted only after it was sent."""
    operator.give_up("a")
    missing = operator.queue + "-missing"
    result = operator.run("redrive", INBOUND_QUEUE_URL=missing)
    assert result.exit_code == 3
    assert "SendMessage" in result.stderr
    assert operator.bodies() == ["a"]


def test_an_interruption_between_sending_and_deleting_costs_nothing(
    operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is processed twice, and is one decision."""
    operator.give_up(operator.text("STOP"))
    operator.give_up(operator.text("STOP", originationNumber="+14255550183"))
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
    result = operator.run("redrive")
    assert result.exit_code != 0
    assert "Stopped early: 0 dead letters put back" in result.stdout
    assert len(operator.waiting(operator.queue)) == 1
    assert len(operator.waiting()) == 2
    monkeypatch.setattr(DeadLetterReader, "move", move)
    assert operator.run("redrive").stdout == "2 dead letters put back into the queue.\n"
    operator.process()
    assert len(operator.inbound.world.history()) == 2
    assert operator.bodies() == []


def test_what_comes_back_while_it_runs_is_not_put_back_again(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What still cannot be read is a dead letter again at once: that must not go round for ever."""
    for body in ("{}", "5", "null"):
        operator.put_aside(body, "some reason")
    move = DeadLetterReader.move

    def heard_at_once(queue: Any, letter: Any, into: str) -> bool:
        moved = move(queue, letter, into)
        operator.process()
        return moved

    monkeypatch.setattr(DeadLetterReader, "move", heard_at_once)
    result = operator.run("redrive")
    assert result.exit_code == 0
    assert "3 dead letters put back into the queue. 3 of them came back meanwhile" in result.stdout
    assert operator.bodies() == ["5", "null", "{}"]


def test_a_bare_payload_keeps_its_place_in_time(operator: Any) -> None:
    """Raw delivery leaves a text no time but the queue's; a new one would set an old START over a younger STOP."""
    payload = {
        "originationNumber": PERSON,
        "destinationNumber": OURS,
        "messageBody": "START",
        "inboundMessageId": "old",
    }
    operator.give_up(json.dumps(payload))
    operator.inbound.world.pass_time(hours=1)
    operator.inbound.hear("STOP")
    operator.inbound.world.pass_time(hours=1)
    operator.run("redrive")
    operator.process()
    assert operator.inbound.consent().status is Status.OPTED_OUT
    assert len(operator.inbound.world.history()) == 2


def test_without_a_stack_the_command_says_how_to_name_a_queue(operator: Any) -> None:
    """Which queue it is cannot be guessed."""
    result = operator.run("list", "--stack", "nowhere", DEAD_LETTER_QUEUE_URL="")
    assert result.exit_code == 3
    assert "there is no stack nowhere" in result.stderr
    assert "--dead-letter-queue" in result.stderr
